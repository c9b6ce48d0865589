// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
package import Store
import Synchronization

/// Finds out which agent asks, and lets nobody who is none cost the database more than a few statements a second.
///
/// A token that has proved right here is counted by itself. Any other is looked up while no more than a few are, and takes
/// from its address's bucket when it proves wrong: agents that all come back at once, from behind one proxy, wait for each
/// other and are not refused; whoever guesses is.
package final class AgentAdmission: Sendable {
    /// Of tokens that are not known yet: these statements share their sessions with claims.
    private static let concurrentLookups = 2
    /// More than all agents of a large fleet; each costs a continuation.
    private static let mostWaiting = 20_000

    private let store: Store
    private let limiter: RateLimiter
    private let gate = LookupGate(places: concurrentLookups, mostWaiting: mostWaiting)

    /// - Parameter rate: Requests a second of one agent, and wrong tokens a second of one address; 0: any number.
    package init(store: Store, rate: Int) {
        self.store = store
        limiter = RateLimiter(rate: rate)
    }

    /// Who asks. Throws a problem for whoever is no agent, and for who asks too often.
    func agent(_ request: Request, from address: String) async throws -> (AgentTokenHash, AgentIdentity) {
        let words = request.headers[.authorization]?.split(separator: " ") ?? []
        guard words.count == 2, words[0].lowercased() == "bearer", words[1].utf8.count <= 512 else {
            throw Problem.noAgent
        }
        let token = AgentTokenHash(of: String(words[1]))
        if let agent = limiter.holder(of: token.bytes) {
            try limiter.take(agent)
            guard let agent = try await store.agent(token) else {
                limiter.forget(token.bytes)
                throw Problem.noAgent
            }
            return (token, agent)
        }
        try limiter.require(.address(address))
        let found = try await gate.pass { () async throws -> AgentIdentity? in
            // Others of the address may have proved wrong while this one waited.
            try limiter.require(.address(address))
            guard let agent = try await store.agent(token) else {
                try limiter.take(.address(address))
                return nil
            }
            return agent
        }
        guard let agent = found else { throw Problem.noAgent }
        limiter.know(token.bytes, as: .agent(token.bytes))
        try limiter.take(.agent(token.bytes))
        return (token, agent)
    }
}

/// Lets so many in at once; the others wait for their turn, in the order in which they came.
private final class LookupGate: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
        /// Of `waiting`; those before it have had their turn.
        var first = 0
    }

    private let mostWaiting: Int
    private let state: Mutex<State>

    init(places: Int, mostWaiting: Int) {
        self.mostWaiting = mostWaiting
        state = Mutex(State(free: places))
    }

    func pass<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        try await enter()
        defer { leave() }
        return try await body()
    }

    private func enter() async throws(Problem) {
        let isFull = state.withLock { $0.free == 0 && $0.waiting.count - $0.first >= mostWaiting }
        guard !isFull else {
            throw Problem(.unavailable, "Too many agents ask at once.", headers: [.retryAfter: "5"])
        }
        await withCheckedContinuation { continuation in
            let hasPlace = state.withLock { state in
                guard state.free == 0 else {
                    state.free -= 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if hasPlace { continuation.resume() }
        }
    }

    private func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.first < state.waiting.count else {
                state.free += 1
                state.waiting = []
                state.first = 0
                return nil
            }
            let next = state.waiting[state.first]
            state.first += 1
            // Under a load that never ends, those who have had their turn would be kept for ever.
            if state.first > 1_024, state.first * 2 > state.waiting.count {
                state.waiting.removeFirst(state.first)
                state.first = 0
            }
            return next
        }
        next?.resume()
    }
}

extension RateLimiter {
    /// Takes one request from the bucket. Throws a problem when it is empty.
    func take(_ key: Key) throws(Problem) {
        if let wait = admit(key) { throw Problem.tooOften(wait) }
    }

    /// Takes nothing. Throws a problem when the bucket is empty.
    func require(_ key: Key) throws(Problem) {
        guard let wait = admit(key) else { return giveBack(key) }
        throw Problem.tooOften(wait)
    }
}

extension Problem {
    fileprivate static func tooOften(_ wait: Int) -> Problem {
        Problem(.tooManyRequests, "Try again in \(wait) s.", headers: [.retryAfter: "\(wait)"])
    }

    /// No token, one that no agent has, or one of a workspace that is gone: which, is nobody's business.
    static let noAgent = Problem(
        .unauthenticated,
        "This is no agent's token.",
        remedy: "Send the token that the build gave the agent: 'Authorization: Bearer stka_...'.",
        headers: [.wwwAuthenticate: "Bearer realm=\"stoker\""]
    )
}
