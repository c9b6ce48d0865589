// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import HTTPTypes
package import Hummingbird
package import Operations
package import Store

/// What agents inside of workspaces call with the token that their build gave them: they report their state, and wait to be
/// told that their workspace was claimed.
package struct AgentRoutes: RouteSet {
    private let store: Store
    private let hub: ReinitHub
    private let admission: AgentAdmission

    package init(store: Store, hub: ReinitHub, admission: AgentAdmission) {
        self.store = store
        self.hub = hub
        self.admission = admission
    }

    package func add(to router: Router<ServerRequestContext>) {
        router.post(Self.path(Self.report)) { request, context in
            try await explained { try await report(request, from: context.address) }
        }
        router.get(Self.path(Self.wait)) { request, context in
            try await explained {
                let (token, agent) = try await admission.agent(request, from: context.address)
                let asked = try await RequestFields.read(Self.wait, request, path: [:])
                let stream = ReinitStream(
                    store: store,
                    hub: hub,
                    token: token,
                    heard: try JSONDecoder().decode(Asked.self, from: asked).heard.flatMap { $0.isEmpty ? nil : $0 }
                )
                return try await stream.response(to: agent, on: context.channel)
            }
        }
    }

    /// As operations are told of their errors.
    private func explained(_ body: () async throws -> Response) async throws -> Response {
        do {
            return try await body()
        } catch {
            throw Problem(error) ?? error
        }
    }

    private struct Asked: Decodable {
        let heard: String?
    }
}

// MARK: - As they are described

extension AgentRoutes {
    /// What an agent may say of itself.
    private static let states = AgentState.allCases.filter { $0 != .created }

    private static let report = Route(
        .post,
        "/agents/me/ready",
        .workspaces,
        for: .member,
        [Field("state", .choice(states.map(\.rawValue))), Field("reinit", .identifier)]
    )

    private static let wait = Route(
        .get,
        "/agents/me/reinit",
        .workspaces,
        for: .member,
        [Field("heard", .text(most: 64), in: .header("Last-Event-ID"))]
    )

    /// By the names of the API's description. They are no users' to ask: scopes and roles say nothing here.
    package static let described = [(name: "reportAgent", route: report), (name: "awaitClaim", route: wait)]

    /// Throws a problem for another method than the route's.
    static func requireMethod(of request: Request, at segments: [String]) throws(Problem) {
        let path = "/" + segments.joined(separator: "/")
        guard let route = described.map(\.route).first(where: { $0.path == path }),
            route.method.rawValue != request.method.rawValue
        else { return }
        let allowed = route.method.rawValue
        throw Problem(.methodNotAllowed, "Allowed here: \(allowed).", headers: [.allow: allowed])
    }

    private static func path(_ route: Route) -> RouterPath { RouterPath(APIRoute.root + route.path) }
}

// MARK: - Reports

extension AgentRoutes {
    private struct Report: Decodable {
        let state: AgentState?
        /// The claim build of which the agent has heard.
        let reinit: BuildID?
    }

    /// Without a state, `ready`.
    private func report(_ request: Request, from address: String) async throws -> Response {
        // Before the body is read: who has no token sends nothing here.
        let (token, _) = try await admission.agent(request, from: address)
        // Of whatever media type: what is simplest in a shell says that it is a form.
        let fields = try await RequestFields.read(Self.report, request, path: [:], requiresMediaType: false)
        let report = try JSONDecoder().decode(Report.self, from: fields)
        if let build = report.reinit { try await store.acknowledgeReinit(build, by: token) }
        guard let agent = try await store.report(report.state ?? .ready, by: token) else { throw Problem.noAgent }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Response(
            status: .ok,
            headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: try encoder.encode(agent)))
        )
    }
}
