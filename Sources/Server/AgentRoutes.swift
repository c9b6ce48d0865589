// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
package import Hummingbird
import Operations
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
        router.on(AgentRequests.report, report).on(AgentRequests.wait, wait)
    }

    private struct Report: Decodable {
        let state: AgentState?
        /// The claim build of which the agent has heard.
        let reinit: BuildID?
    }

    /// Without a state, `ready`.
    @Sendable private func report(_ request: Request, _ context: ServerRequestContext) async throws -> Response {
        // Before the body is read: who has no token sends nothing here.
        let (token, _) = try await admission.agent(request, from: context.address)
        // Of whatever media type: what is simplest in a shell says that it is a form.
        let fields = try await RequestFields.read(AgentRequests.report, request, requiresMediaType: false)
        let report = try JSONDecoder().decode(Report.self, from: fields)
        if let build = report.reinit { try await store.acknowledgeReinit(build, by: token) }
        guard let agent = try await store.report(report.state ?? .ready, by: token) else { throw Problem.noAgent }
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
