// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Logging
import ServiceLifecycle
package import Store
import Synchronization

/// The waiting agents of this process: one notification and one statement serve all of them, however many there are.
///
/// Call ``look(at:)`` for each notification. The hub also looks every ``interval``, in case a notification was lost,
/// and sends every waiter a keep-alive, which detects dead connections.
package final class ReinitHub: Service {
    /// What a waiting agent receives.
    enum Signal: Sendable {
        case claimed(Reinit)
        case alive
    }

    private struct Waiter {
        let token: AgentTokenHash
        let workspace: WorkspaceID
        let signals: AsyncStream<Signal>.Continuation
    }

    /// The agents of the next look.
    private enum Scope {
        case nobody
        case workspaces(Set<WorkspaceID>)
        case everybody
    }

    private struct State {
        var waiters: [UInt64: Waiter] = [:]
        /// The connections of each agent, the oldest first.
        var waiting: [AgentTokenHash: [UInt64]] = [:]
        var lastWaiter: UInt64 = 0
        var scope = Scope.nobody
        var hasEnded = false

        mutating func removeWaiter(_ id: UInt64) -> AsyncStream<Signal>.Continuation? {
            guard let waiter = waiters.removeValue(forKey: id) else { return nil }
            let others = waiting[waiter.token, default: []].filter { $0 != id }
            waiting[waiter.token] = others.isEmpty ? nil : others
            return waiter.signals
        }
    }

    /// How many agents one statement queries.
    private static let batch = 1_000
    /// How many connections one agent may wait on. A network failure leaves dead connections behind, so the newest stay
    /// and the oldest is closed.
    private static let mostOfOne = 4

    private let store: Store
    private let interval: Duration
    private let logger: Logger
    private let state = Mutex(State())
    private let rings: AsyncStream<Void>
    private let ringer: AsyncStream<Void>.Continuation

    package init(store: Store, interval: Duration = .seconds(15), logger: Logger) {
        self.store = store
        self.interval = interval
        self.logger = logger
        (rings, ringer) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// A claim build of the workspace has succeeded; `nil`: some may have, of any. Never blocks.
    package func look(at workspace: WorkspaceID?) {
        state.withLock { state in
            switch (state.scope, workspace) {
            case (.everybody, _), (_, nil): state.scope = .everybody
            case (.nobody, let workspace?): state.scope = .workspaces([workspace])
            case (.workspaces(let others), let workspace?): state.scope = .workspaces(others.union([workspace]))
            }
        }
        ringer.yield()
    }

    /// The messages for the agent from now on, until the hub ends or the reader goes.
    func signals(for token: AgentTokenHash, of workspace: WorkspaceID) -> AsyncStream<Signal> {
        let (stream, continuation) = AsyncStream.makeStream(of: Signal.self, bufferingPolicy: .bufferingNewest(4))
        var oldest: AsyncStream<Signal>.Continuation?
        let id = state.withLock { state -> UInt64? in
            guard !state.hasEnded else { return nil }
            state.lastWaiter += 1
            state.waiters[state.lastWaiter] = Waiter(token: token, workspace: workspace, signals: continuation)
            state.waiting[token, default: []].append(state.lastWaiter)
            if let own = state.waiting[token], own.count > Self.mostOfOne { oldest = state.removeWaiter(own[0]) }
            return state.lastWaiter
        }
        oldest?.finish()
        guard let id else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.removeWaiter(id) }
        }
        return stream
    }

    /// How many connections wait.
    var count: Int { state.withLock { $0.waiters.count } }

    package func run() async throws {
        await withGracefulShutdownHandler {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.answerRings() }
                group.addTask { await self.tick() }
                await group.next()
                group.cancelAll()
            }
        } onGracefulShutdown: {
            self.end()
        }
        end()
    }

    private func answerRings() async {
        for await _ in rings {
            let tokens = takeScope()
            for start in stride(from: 0, to: tokens.count, by: Self.batch) {
                await tell(Array(tokens[start..<min(start + Self.batch, tokens.count)]))
            }
        }
    }

    private func tick() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: interval * Double.random(in: 0.9...1.1))
            for waiter in state.withLock({ Array($0.waiters.values) }) { waiter.signals.yield(.alive) }
            look(at: nil)
        }
    }

    private func takeScope() -> [AgentTokenHash] {
        state.withLock { state in
            defer { state.scope = .nobody }
            let waiters =
                switch state.scope {
                case .nobody: [Waiter]()
                case .everybody: Array(state.waiters.values)
                case .workspaces(let workspaces): state.waiters.values.filter { workspaces.contains($0.workspace) }
                }
            return Array(Set(waiters.map(\.token)))
        }
    }

    private func tell(_ tokens: [AgentTokenHash]) async {
        do {
            let pending = try await store.pendingReinits(of: tokens)
            guard !pending.isEmpty else { return }
            for waiter in state.withLock({ Array($0.waiters.values) }) {
                if let reinit = pending[waiter.token] { waiter.signals.yield(.claimed(reinit)) }
            }
        } catch {
            logger.warning("agents could not be told of claims yet", metadata: ["error": "\(error)"])
        }
    }

    private func end() {
        let waiters = state.withLock { state in
            state.hasEnded = true
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.signals.finish() }
        ringer.finish()
    }
}
