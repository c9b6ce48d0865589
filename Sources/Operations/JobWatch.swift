// SPDX-License-Identifier: Apache-2.0

package import Basics
package import Domain
import Logging
package import PostgresClient
import Store
import Synchronization

/// Wakes followers of jobs and waiting claims after notifications. One session listens for all of them, and none while
/// there are none.
package final class JobWatch: Sendable {
    /// The subject of a wait.
    package enum Subject: Hashable, Sendable {
        case job(JobID)
        /// Any prebuild that has become eligible.
        case prebuilds
    }

    private struct State {
        var followers: [UInt64: (subject: Subject, bell: Doorbell)] = [:]
        var last: UInt64 = 0
        var listening: Task<Void, Never>?
    }

    private let address: PostgresConfiguration
    private let state = Mutex(State())

    /// - Parameter address: Must lead to the server itself, not to a pooler.
    package init(_ address: PostgresConfiguration) {
        self.address = address
    }

    /// Runs the body with a doorbell that rings when the subject has news, or when notifications may have been lost.
    package func following<Result>(
        _ subject: Subject,
        _ body: (Doorbell) async throws -> Result
    ) async rethrows -> Result {
        let bell = Doorbell()
        let ticket = enter(subject, bell)
        defer { leave(ticket) }
        return try await body(bell)
    }

    private func enter(_ subject: Subject, _ bell: Doorbell) -> UInt64 {
        state.withLock { state in
            state.last += 1
            state.followers[state.last] = (subject, bell)
            if state.listening == nil { state.listening = Task { await listen() } }
            return state.last
        }
    }

    private func leave(_ ticket: UInt64) {
        let idle = state.withLock { state -> Task<Void, Never>? in
            state.followers[ticket] = nil
            guard state.followers.isEmpty else { return nil }
            defer { state.listening = nil }
            return state.listening
        }
        idle?.cancel()
    }

    /// Listens until it is canceled. A failure only costs latency, because followers also poll.
    private func listen() async {
        let listener = PostgresListener(
            configuration: address,
            channels: [Channel.logs, Channel.finished, Channel.ready],
            logger: Logger(label: "stoker", factory: { _ in SwiftLogNoOpLogHandler() })
        )
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await listener.run() }
            group.addTask { for await event in listener.events { self.ring(event) } }
            await group.waitForAll()
        }
    }

    private func ring(_ event: ListenerEvent) {
        let bells = state.withLock { state in
            state.followers.values.filter { follower in
                switch (event, follower.subject) {
                case (.notification(Channel.ready, _), let subject): subject == .prebuilds
                case (.notification(_, let payload), .job(let job)): payload.isEmpty || payload == "\(job)"
                case (.notification, .prebuilds): false
                case (.listening, _), (.reconnected, _): true
                }
            }.map(\.bell)
        }
        for bell in bells { bell.ring() }
    }
}
