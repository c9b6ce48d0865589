// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPTypes
package import Hummingbird
package import Store

/// What agents inside of workspaces call with the token that their build gave them: they report their state, and wait to be
/// told that their workspace was claimed.
package struct AgentRoutes: RouteSet {
    private let store: Store
    private let hub: ReinitHub

    package init(store: Store, hub: ReinitHub) {
        self.store = store
        self.hub = hub
    }

    package func add(to router: Router<ServerRequestContext>) {
        router.post("/api/v1/agents/me/ready") { request, _ in try await report(request) }
        router.get("/api/v1/agents/me/reinit") { request, _ in try await wait(request) }
    }

    private func token(of request: Request) throws -> AgentTokenHash {
        let words = request.headers[.authorization]?.split(separator: " ") ?? []
        guard words.count == 2, words[0].lowercased() == "bearer" else { throw Problem.noAgent }
        return AgentTokenHash(of: String(words[1]))
    }
}

// MARK: - Reports

extension AgentRoutes {
    /// More than any state needs.
    private static let longestReport = 1_024

    private func report(_ request: Request) async throws -> Response {
        let token = try token(of: request)
        // Before the body is read: who has no token sends nothing here.
        guard try await store.agent(token) != nil else { throw Problem.noAgent }
        let state = try await state(in: request)
        guard let agent = try await store.report(state, by: token) else { throw Problem.noAgent }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Response(
            status: .ok,
            headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: try encoder.encode(agent)))
        )
    }

    /// The body's `state`; without a body, `ready`.
    private func state(in request: Request) async throws -> AgentState {
        let body = try await request.body.collect(upTo: Self.longestReport)
        guard body.readableBytes > 0 else { return .ready }
        let data = Data(body.readableBytesView)
        let reportable = AgentState.allCases.filter { $0 != .created }
        guard let members = try? JSONDecoder().decode([String: String].self, from: data),
            members.count == 1, let text = members["state"], let state = AgentState(rawValue: text),
            reportable.contains(state)
        else {
            throw Problem(
                .badRequest,
                title: "Not a state of an agent",
                detail: #"Send {"state": S} with one of: "# + reportable.map(\.rawValue).joined(separator: ", ") + "."
            )
        }
        return state
    }
}

// MARK: - Claims

extension AgentRoutes {
    /// Server-sent events (WHATWG HTML, "Server-sent events"): `reinit`, whose id is the claim build's, for as long as the
    /// agent listens.
    ///
    /// Each claim build is told once, to whoever listens first after it. An agent that says what it has heard last, by
    /// `Last-Event-ID`, is believed: so it also hears what a broken connection has swallowed.
    private func wait(_ request: Request) async throws -> Response {
        let token = try token(of: request)
        guard let agent = try await store.agent(token) else { throw Problem.noAgent }
        let last = Self.lastEventID.flatMap { request.headers[$0] }.flatMap { $0.isEmpty ? nil : $0 }
        // Before the look: a claim between the two is seen by one of them.
        let signals = hub.signals(for: token, of: agent.workspaceID)
        let missed = try await store.missedReinit(of: token, heard: last)
        return Response(
            status: .ok,
            headers: Self.streamHeaders,
            body: ResponseBody { writer in
                try await request.body.consumeWithCancellationOnInboundClose { _ in
                    try await writer.write(ByteBuffer(string: ": waiting\nretry: 1000\n\n"))
                    if let missed { try await tell(missed, to: token, anyway: last != nil, &writer) }
                    for await signal in signals {
                        switch signal {
                        case .claimed(let reinit): try await tell(reinit, to: token, anyway: false, &writer)
                        case .alive: try await writer.write(ByteBuffer(string: ": alive\n\n"))
                        }
                    }
                }
                try await writer.finish(nil)
            }
        )
    }

    /// - Parameter anyway: The agent has said that it does not know, whatever was sent before.
    @concurrent
    private func tell(
        _ reinit: Reinit,
        to token: AgentTokenHash,
        anyway: Bool,
        _ writer: inout any ResponseBodyWriter
    ) async throws {
        // Tasks of their own: an agent that hangs up in the middle must not take the answer with it.
        let isOurs = try await Task { try await store.takeReinit(reinit, for: token) }.value
        guard isOurs || anyway else { return }
        do {
            try Task.checkCancellation()
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let data = String(decoding: try encoder.encode(reinit), as: UTF8.self)
            try await writer.write(ByteBuffer(string: "id: \(reinit.buildID)\nevent: reinit\ndata: \(data)\n\n"))
        } catch {
            try await Task { try await store.returnReinit(reinit, for: token) }.value
            throw error
        }
    }

    private static let lastEventID = HTTPField.Name("Last-Event-ID")

    private static var streamHeaders: HTTPFields {
        var headers: HTTPFields = [.contentType: "text/event-stream", .cacheControl: "no-store"]
        // Proxies that collect answers before they pass them on would hold the event back.
        if let buffering = HTTPField.Name("X-Accel-Buffering") { headers[buffering] = "no" }
        return headers
    }
}

extension Problem {
    /// No token, one that no agent has, or one of a workspace that is gone: which, is nobody's business.
    fileprivate static let noAgent = Problem(
        .unauthorized,
        title: "Not an agent",
        detail: "Send the token that the build gave the agent: 'Authorization: Bearer stka_...'."
    )
}
