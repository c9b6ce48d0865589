// SPDX-License-Identifier: Apache-2.0

/// A value that arrives later, for one waiter.
struct Promise<Value: Sendable>: Sendable {
    private let stream: AsyncStream<Value>
    private let continuation: AsyncStream<Value>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
    }

    /// Only the first value counts.
    func fulfill(_ value: Value) {
        continuation.yield(value)
        continuation.finish()
    }

    /// Waits for the value; `nil` if the task was canceled before.
    func value() async -> Value? {
        for await value in stream { return value }
        return nil
    }
}
