// SPDX-License-Identifier: Apache-2.0

/// Tells one waiter, once, that something has come about.
struct Whistle<Value: Sendable>: Sendable {
    private let stream: AsyncStream<Value>
    private let continuation: AsyncStream<Value>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
    }

    func blow(_ value: Value) {
        continuation.yield(value)
        continuation.finish()
    }

    /// `nil`: the task was canceled before.
    func heard() async -> Value? {
        for await value in stream { return value }
        return nil
    }
}
