// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A check that many callers share: those who come while it runs get its answer, and the answer stays valid for a
/// moment.
final class SharedCheck: Sendable {
    private enum State {
        case unknown
        case running(Task<[String], Never>)
        case known([String], at: ContinuousClock.Instant)
    }

    private enum Answer {
        case now([String])
        case later(Task<[String], Never>)
    }

    private let limit: Duration
    private let freshness: Duration
    private let check: ReadinessCheck
    private let state = Mutex(State.unknown)

    /// - Parameters:
    ///   - limit: How long the check may take; then it is cancelled, and that is the answer.
    ///   - freshness: How long an answer is reused.
    init(limit: Duration, freshness: Duration, check: @escaping ReadinessCheck) {
        self.limit = limit
        self.freshness = freshness
        self.check = check
    }

    /// The reasons why not; empty when all is well.
    func reasons() async -> [String] {
        let answer = state.withLock { state -> Answer in
            switch state {
            case .running(let task): return .later(task)
            case .known(let reasons, let at) where at.duration(to: .now) < freshness: return .now(reasons)
            case .known, .unknown:
                // It is not a child task, because it serves all callers, and continues when the first one goes.
                let task = Task { await run() }
                state = .running(task)
                return .later(task)
            }
        }
        return switch answer {
        case .now(let reasons): reasons
        case .later(let task): await task.value
        }
    }

    private func run() async -> [String] {
        let reasons = await withinLimit()
        state.withLock { $0 = .known(reasons, at: .now) }
        return reasons
    }

    private func withinLimit() async -> [String] {
        await withTaskGroup(of: [String].self) { group in
            group.addTask { [self] in await check() }
            group.addTask { [limit] in
                // The sleep ends early only when the check was faster.
                try? await Task.sleep(for: limit)
                return ["the check did not end within \(limit)"]
            }
            defer { group.cancelAll() }
            return await group.next() ?? []
        }
    }
}
