// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
package import Hummingbird
import Operations
package import Store

/// The routes for agents inside of workspaces, which use the token of their build: they report their state, and wait
/// for the news that their workspace was claimed.
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
        router.on(AgentRequests.report, report).on(AgentRequests.use, use).on(AgentRequests.wait, wait)
    }

    private struct Report: Decodable {
        let state: AgentState?
        /// The claim build that the agent has heard of.
        let reinit: BuildID?
    }

    /// Without a state, `ready`.
    @Sendable private func report(_ request: Request, _ context: ServerRequestContext) async throws -> Response {
        // The token is checked before the body is read.
        let (token, _) = try await admission.agent(request, from: context.address)
        // Any media type is accepted, because the simplest shell command declares a form.
        let fields = try await RequestFields.read(AgentRequests.report, request, requiresMediaType: false)
        let report = try JSONDecoder().decode(Report.self, from: fields)
        if let build = report.reinit { try await store.acknowledgeReinit(build, by: token) }
        guard let agent = try await store.report(report.state ?? .ready, by: token) else { throw Problem.noAgent }
        return Response(.ok, try ByteBuffer(json: agent), type: "application/json")
    }

    @Sendable private func use(_ request: Request, _ context: ServerRequestContext) async throws -> Response {
        let (token, _) = try await admission.agent(request, from: context.address)
        _ = try await RequestFields.read(AgentRequests.use, request, requiresMediaType: false)
        guard let agent = try await store.noteUse(by: token) else { throw Problem.noAgent }
        return Response(.ok, try ByteBuffer(json: agent), type: "application/json")
    }

    private struct Wait: Decodable {
        let heard: String?
    }

    @Sendable private func wait(_ request: Request, _ context: ServerRequestContext) async throws -> Response {
        let (token, agent) = try await admission.agent(request, from: context.address)
        let fields = try await RequestFields.read(AgentRequests.wait, request)
        let heard = try JSONDecoder().decode(Wait.self, from: fields).heard
        let stream = ReinitStream(store: store, hub: hub, token: token, heard: heard?.isEmpty == true ? nil : heard)
        return try await stream.response(to: agent, on: context.channel)
    }
}
