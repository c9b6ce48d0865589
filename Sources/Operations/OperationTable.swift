// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
import HTTPTypes

/// A type-erased operation: an entry of the table of routes.
package struct AnyOperation: Sendable {
    /// The name in the API's description, in lower camel case.
    package let name: String
    package let route: Route
    /// Decodes the operation from its fields as a JSON object.
    package let read: @Sendable (Data) throws -> AskedOperation

    package init<Asked: Operation>(_ type: Asked.Type) {
        name = Asked.name
        route = Asked.route
        read = { fields in
            let operation = try JSONDecoder().decode(Asked.self, from: fields)
            return AskedOperation(mayWait: operation.mayWait) { context in
                try OperationAnswer(try await context.answer(operation))
            }
        }
    }
}

/// A type-erased operation with its fields.
package struct AskedOperation: Sendable {
    package let mayWait: Bool
    /// Performs it, and encodes the answer.
    package let perform: @Sendable (OperationContext) async throws -> OperationAnswer
}

/// An encoded answer.
package struct OperationAnswer: Sendable {
    /// Empty when there is no answer.
    package let body: Data
    /// The cursor of the next page.
    package let next: String?

    init(_ answer: some Encodable) throws {
        body = answer is NoContent ? Data() : try JSONEncoder.sorted.encode(answer)
        next = (answer as? any AnyPage)?.next
    }
}

extension JSONEncoder {
    /// The encoding of the whole API: equal values give equal bytes.
    package static var sorted: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}

/// All operations.
package enum OperationTable {
    /// Every route of the API with its name in the description: those of operations, and the few others.
    package static let routes: [(name: String, route: Route)] =
        all.map { ($0.name, $0.route) } + [
            ("followLog", FollowLog.route), ("reportAgent", AgentRequests.report),
            ("reportActivity", AgentRequests.use), ("awaitClaim", AgentRequests.wait),
            ("agentManifest", AgentRequests.manifest), ("describe", describe),
        ]

    /// The route of the API's description.
    package static let describe = Route(.get, "/openapi.yaml", for: .everybody, tag: .access)
        .doing("This document")
        .answering("An OpenAPI 3.1 document.", .description)

    package static let all: [AnyOperation] = [
        AnyOperation(ListTemplates.self),
        AnyOperation(PushTemplate.self),
        AnyOperation(SetTemplate.self),
        AnyOperation(ListTemplateVersions.self),
        AnyOperation(PromoteTemplateVersion.self),
        AnyOperation(DeprecateTemplate.self),
        AnyOperation(DeleteTemplate.self),
        AnyOperation(ListPresets.self),
        AnyOperation(ResetPresets.self),
        AnyOperation(InvalidatePresets.self),
        AnyOperation(ListPrebuilds.self),
        AnyOperation(PausePrebuilds.self),
        AnyOperation(ResumePrebuilds.self),
        AnyOperation(MakePlan.self),
        AnyOperation(Reconcile.self),
        AnyOperation(ExplainSchedule.self),
        AnyOperation(PreviewSchedules.self),
        AnyOperation(ListPools.self),
        AnyOperation(ShowPool.self),
        AnyOperation(ListDecisions.self),
        AnyOperation(SetPool.self),
        AnyOperation(ResetPool.self),
        AnyOperation(ReadDemand.self),
        AnyOperation(ListRollouts.self),
        AnyOperation(ShowRollout.self),
        AnyOperation(PauseRollout.self),
        AnyOperation(ResumeRollout.self),
        AnyOperation(RollBackRollout.self),
        AnyOperation(ShowPoolHistory.self),
        AnyOperation(ClaimWorkspace.self),
        AnyOperation(ClaimWorkspaces.self),
        AnyOperation(ListClaims.self),
        AnyOperation(ShowClaim.self),
        AnyOperation(ExplainRefill.self),
        AnyOperation(ListWorkspaces.self),
        AnyOperation(ShowWorkspace.self),
        AnyOperation(RevealOutputs.self),
        AnyOperation(StartWorkspace.self),
        AnyOperation(StopWorkspace.self),
        AnyOperation(RestartWorkspace.self),
        AnyOperation(ExtendWorkspace.self),
        AnyOperation(UpdateWorkspace.self),
        AnyOperation(ShowWorkspaceUpdate.self),
        AnyOperation(DeleteWorkspace.self),
        AnyOperation(DeleteWorkspaces.self),
        AnyOperation(ListJobs.self),
        AnyOperation(ShowJob.self),
        AnyOperation(CancelJob.self),
        AnyOperation(RetryJob.self),
        AnyOperation(CancelJobs.self),
        AnyOperation(RetryJobs.self),
        AnyOperation(ReadLog.self),
        AnyOperation(ListUsers.self),
        AnyOperation(AddUser.self),
        AnyOperation(SetUserRoles.self),
        AnyOperation(DisableUser.self),
        AnyOperation(EnableUser.self),
        AnyOperation(RemoveUser.self),
        AnyOperation(ListTokens.self),
        AnyOperation(AddToken.self),
        AnyOperation(RevokeToken.self),
        AnyOperation(ListOrganizations.self),
        AnyOperation(AddOrganization.self),
        AnyOperation(SetOrganization.self),
        AnyOperation(ListWorkers.self),
        AnyOperation(DrainWorkers.self),
        AnyOperation(ResumeWorkers.self),
        AnyOperation(ShowMaintenance.self),
        AnyOperation(StartMaintenance.self),
        AnyOperation(StopMaintenance.self),
        AnyOperation(ShowStatus.self),
        AnyOperation(ListSettings.self),
        AnyOperation(ListAudit.self),
        AnyOperation(ListEndpoints.self),
        AnyOperation(ShowEndpoint.self),
        AnyOperation(AddEndpoint.self),
        AnyOperation(RotateEndpointSecret.self),
        AnyOperation(EnableEndpoint.self),
        AnyOperation(DisableEndpoint.self),
        AnyOperation(RemoveEndpoint.self),
        AnyOperation(TestEndpoint.self),
        AnyOperation(ListDeliveries.self),
        AnyOperation(ReplayDeliveries.self),
    ]
}
