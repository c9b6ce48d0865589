// SPDX-License-Identifier: Apache-2.0

package import Domain
import HTTPTypes
import Provisioning
package import Store

/// Lists workspaces, newest first, page by page.
package struct ListWorkspaces: PagedOperation {
    package typealias Element = WorkspaceSummary

    /// Only those of this user.
    package var owner: String?
    /// Only those with these labels: `team=data,run=17`.
    package var selector: String?
    package var template: String?
    package var preset: String?
    /// The status of the latest build.
    package var status: JobStatus?
    package var limit: Int?
    package var cursor: String?

    package static let route = Route(.get, "/workspaces", .workspaces, for: .member)
        .doing("List the workspaces that the caller may see, newest first")
        .taking(
            [
                Field("owner", .text(most: 64), "Only this user's."),
                Field("selector", .text(most: 2_000), selectorWords),
                Field("template", .text(most: 64), "Only those of this template."),
                Field("preset", .text(most: 128), "Only those of a preset with this name."),
                Field("status", .choice(of: JobStatus.self), "Only those whose latest build has this status."),
            ] + Cursor.fields
        )
        .answering("A page of workspaces.", .page("Workspace"))

    package init(
        owner: String? = nil,
        selector: String? = nil,
        template: String? = nil,
        preset: String? = nil,
        status: JobStatus? = nil,
        limit: Int? = nil,
        cursor: String? = nil
    ) {
        self.owner = owner
        self.selector = selector
        self.template = template
        self.preset = preset
        self.status = status
        self.limit = limit
        self.cursor = cursor
    }

    package func perform(in context: OperationContext) async throws -> Page<WorkspaceSummary> {
        let labels = try selector.map { try Labels.selector($0) }
        return try await Cursor.page(limit, cursor) { mark, limit in
            try await context.store.workspaces(
                owner: owner,
                template: template,
                preset: preset,
                status: status,
                visibleTo: context.caller.audience,
                labelled: labels,
                after: mark,
                limit: limit
            )
        } mark: {
            PageMark(createdAt: $0.createdAt, id: $0.id)
        }
    }
}

/// A workspace with its builds, resources, agents and claim.
package struct ShowWorkspace: Operation {
    /// Its name or id; by id, a deleted workspace is found too.
    package var workspace: String
    /// Its owner, when several workspaces have the name.
    package var owner: String?

    package static let route = Route(.get, "/workspaces/{workspace}", .workspaces, for: .member)
        .doing("Show a workspace with its builds, resources, agents, claim and outputs")
        .noting(", of their own. By its id a deleted one is found too.")
        .taking(workspaceFields)
        .answering("The workspace, without sensitive values.", .one("WorkspaceDetails"))

    package init(workspace: String, owner: String? = nil) {
        self.workspace = workspace
        self.owner = owner
    }

    package func perform(in context: OperationContext) async throws -> WorkspaceDetails {
        try await context.store.workspace(workspace, owner: owner, visibleTo: context.caller.audience)
    }
}

/// The outputs of a workspace with the values of sensitive ones: only for its owner.
package struct RevealOutputs: Operation {
    /// Its name or id.
    package var workspace: String
    /// Its owner, for a caller who is no user.
    package var owner: String?

    package static let route = Route(.post, "/workspaces/{workspace}/outputs/reveal", .workspaces, for: .member)
        .doing("Show the outputs of a workspace with the values of sensitive ones")
        .noting(
            """
            , of their own workspaces: not even the role `owner` sees those of others. The request is a change, so that a             token that may only read is not sufficient, and no cache keeps the answer.
            """
        )
        .taking(workspaceFields)
        .answering("All outputs of the newest successful build.", .one("Outputs"))

    package init(workspace: String, owner: String? = nil) {
        self.workspace = workspace
        self.owner = owner
    }

    package func perform(in context: OperationContext) async throws -> WorkspaceOutputs {
        let codec = try context.codec()
        return try await context.store.revealedOutputs(
            of: workspace,
            owner: owner,
            ownedBy: context.caller.userID
        ) { try codec.open($0) }
    }
}

let workspaceFields = [
    Field("workspace", .text(least: 1, most: 64), "Its name or id.", required: true),
    Field("owner", .text(most: 64), "The owner, if several workspaces have the name."),
]
