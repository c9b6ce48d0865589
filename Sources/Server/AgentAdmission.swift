// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
package import Store
import Synchronization

/// Authenticates agents, and limits what callers with wrong tokens cost the database.
///
/// A known token has a rate limit of its own. Unknown tokens are looked up a few at a time, and a wrong one counts
/// against its address. So agents that all come back at once behind one proxy wait for each other and are not refused,
/// while guessing is.
package final class AgentAdmission: Sendable {
    /// The limit of simultaneous lookups of unknown tokens, which share their sessions with claims.
    private static let concurrentLookups = 2
    /// More than the agents of a large fleet; each costs a continuation.
    private static let mostWaiting = 20_000

    private let store: Store
    private let limiter: RateLimiter
    private let gate = LookupGate(places: concurrentLookups, mostWaiting: mostWaiting)

    /// - Parameter rate: Requests a second of one agent, and wrong tokens a second of one address; 0: no limit.
    package init(store: Store, rate: Int) {
        self.store = store
        limiter = RateLimiter(rate: rate)
    }

    /// The agent of a request. Throws a problem for an unknown agent, and when the rate limit is exceeded.
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
            // Other tokens of the address may have been wrong while this one waited.
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

/// Admits a limited number at once; the others wait in order of arrival.
private final class LookupGate: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
        /// An index into `waiting`; those before it were admitted.
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
            throw Problem(.unavailable, "Too many agents send requests at once.", headers: [.retryAfter: "5"])
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
            // Under constant load, admitted entries would otherwise be kept for ever.
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

    /// One answer for a missing token, an unknown one, and one of a deleted workspace.
    static let noAgent = Problem(
        .unauthenticated,
        "This is not an agent's token.",
        remedy: "Send the token that the build gave the agent: 'Authorization: Bearer stka_...'.",
        headers: [.wwwAuthenticate: "Bearer realm=\"stoker\""]
    )
}
