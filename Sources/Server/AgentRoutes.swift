// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import HTTPTypes
package import Hummingbird
import NIOCore
import Operations
package import Store

/// The routes for agents inside of workspaces, which use the token of their build: they report their state, and wait
/// for the news that their workspace was claimed.
package struct AgentRoutes: RouteSet {
    private let store: Store
    private let hub: ReinitHub
    private let admission: AgentAdmission
    private let unseal: @Sendable ([UInt8]) async throws -> [UInt8]

    /// - Parameter unseal: Decrypts what a worker has sealed.
    package init(
        store: Store,
        hub: ReinitHub,
        admission: AgentAdmission,
        unseal: @escaping @Sendable ([UInt8]) async throws -> [UInt8] = { $0 }
    ) {
        self.store = store
        self.hub = hub
        self.admission = admission
        self.unseal = unseal
    }

    package func add(to router: Router<ServerRequestContext>) {
        router.on(AgentRequests.report, report).on(AgentRequests.use, use).on(AgentRequests.wait, wait)
            .on(AgentRequests.manifest, manifest)
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

    private struct Form: Decodable {
        let form: String?

        enum CodingKeys: String, CodingKey {
            case form = "as"
        }
    }

    @Sendable private func manifest(_ request: Request, _ context: ServerRequestContext) async throws -> Response {
        let (token, agent) = try await admission.agent(request, from: context.address)
        let fields = try await RequestFields.read(AgentRequests.manifest, request)
        let form = try JSONDecoder().decode(Form.self, from: fields).form
        guard let stored = try await store.agentManifest(token) else { throw Problem.noManifest }
        let manifest = try JSONDecoder().decode(AgentManifest.self, from: Data(try await unseal(stored)))
        guard form == "shell" else {
            return Response(.ok, try ByteBuffer(json: manifest), type: "application/json")
        }
        let facts = [
            "CODER": "true", "CODER_WORKSPACE_NAME": agent.workspaceName, "CODER_WORKSPACE_OWNER_NAME": agent.ownerName,
            "CODER_WORKSPACE_AGENT_NAME": agent.name,
        ]
        return Response(.ok, ByteBuffer(string: manifest.shell(facts)), type: "text/x-shellscript; charset=utf-8")
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

extension Problem {
    fileprivate static let noManifest = Problem(
        .unavailable,
        "The build of this workspace has not ended, or its template says nothing of what an agent runs.",
        headers: [.retryAfter: "2"]
    )
}
