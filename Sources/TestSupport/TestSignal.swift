// SPDX-License-Identifier: Apache-2.0

/// Events that a test awaits instead of sleeping.
///
/// The code under test calls ``send(_:)`` through a closure it was given; the test calls ``next(_:within:)``. Values are
/// kept until taken, so it does not matter who comes first.
package final class TestSignal<Value: Sendable>: Sendable {
    private let pending = WatchedState<[Value]>([])

    package init() {}

    package func send(_ value: Value) {
        pending.update { $0.append(value) }
    }

    /// Takes the oldest value not yet taken.
    ///
    /// - Throws: ``TimedOut``, which fails the test, when none comes within the limit.
    @discardableResult
    package func next(_ expectation: String = "a signal", within limit: Duration = .seconds(30)) async throws -> Value {
        try await pending.first(expectation, within: limit) { $0.isEmpty ? nil : $0.removeFirst() }
    }

    /// Takes the oldest value that satisfies the condition, and leaves the others.
    @discardableResult
    package func next(
        _ expectation: String = "a signal",
        within limit: Duration = .seconds(30),
        where condition: @escaping @Sendable (Value) -> Bool
    ) async throws -> Value {
        try await pending.first(expectation, within: limit) { values in
            values.firstIndex(where: condition).map { values.remove(at: $0) }
        }
    }

    /// The values sent and not yet taken.
    package var untaken: [Value] { pending.current }
}

extension TestSignal where Value == Void {
    package func send() { send(()) }
}
