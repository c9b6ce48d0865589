// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Performs calls together that come while others are under way, so that they share what a single one pays for: a round
/// trip, a commit.
///
/// A call that finds a free lane is performed at once, alone. The others wait until a lane is free, and go together.
package final class Gatherer<Request: Sendable, Answer: Sendable>: Sendable {
    /// Answers the requests in their order.
    package typealias Perform = @Sendable ([Request]) async -> [Result<Answer, any Error>]

    private struct Call {
        let number: Int
        let request: Request
        let caller: CheckedContinuation<Answer, any Error>
    }

    private struct State {
        var waiting: [Call] = []
        var lanesInUse = 0
        var calls = 0
    }

    private let lanes: Int
    private let limit: Int
    private let perform: Perform
    private let state = Mutex(State())

    /// - Parameters:
    ///   - lanes: How many batches are under way at once.
    ///   - limit: The most calls of a batch.
    package init(lanes: Int, limit: Int, perform: @escaping Perform) {
        self.lanes = lanes
        self.limit = limit
        self.perform = perform
    }

    /// The answer to the request. A canceled call that still waits throws `CancellationError`; one that is under way
    /// gets its answer.
    package func callAsFunction(_ request: Request) async throws -> Answer {
        let number = state.withLock { state in
            state.calls += 1
            return state.calls
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { caller in
                let isCanceled = state.withLock { state in
                    // It was canceled before it came here: the handler has already run.
                    if Task.isCancelled { return true }
                    state.waiting.append(Call(number: number, request: request, caller: caller))
                    return false
                }
                if isCanceled { caller.resume(throwing: CancellationError()) } else { start() }
            }
        } onCancel: {
            let call = state.withLock { state in
                state.waiting.firstIndex { $0.number == number }.map { state.waiting.remove(at: $0) }
            }
            call?.caller.resume(throwing: CancellationError())
        }
    }

    /// How many calls wait for a lane.
    package var waitingCalls: Int { state.withLock { $0.waiting.count } }

    /// Starts a batch if a lane is free. It belongs to none of its callers, whose ends would end it.
    private func start() {
        let batch = state.withLock { state -> [Call] in
            guard state.lanesInUse < lanes, !state.waiting.isEmpty else { return [] }
            state.lanesInUse += 1
            defer { state.waiting.removeFirst(min(limit, state.waiting.count)) }
            return Array(state.waiting.prefix(limit))
        }
        guard !batch.isEmpty else { return }
        Task.detached { [self] in
            let answers = await perform(batch.map(\.request))
            precondition(answers.count == batch.count, "each request has its answer")
            for (call, answer) in zip(batch, answers) { call.caller.resume(with: answer) }
            state.withLock { $0.lanesInUse -= 1 }
            if waitingCalls > 0 { start() }
        }
    }
}
