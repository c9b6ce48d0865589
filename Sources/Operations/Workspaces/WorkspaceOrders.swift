// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
package import Store
package import Time

/// Orders the start of a stopped workspace.
package struct StartWorkspace: Operation {
    /// Its name or id.
    package var workspace: String
    /// Its owner, when several workspaces have the name.
    package var owner: String?

    package static let route = Route(.post, "/workspaces/{workspace}/start", .workspaces, for: .member)
        .doing("Start a workspace that is stopped, or whose start has failed")
        .noting(", of their own. It ends a dormancy. While another build is under way the answer is `conflict`.")
        .taking(workspaceFields)
        .answering("The build that starts it.", .one("OrderedBuild"), status: .accepted)

    package init(workspace: String, owner: String? = nil) {
        self.workspace = workspace
        self.owner = owner
    }

    package func perform(in context: OperationContext) async throws -> OrderedBuild {
        try await context.store.order(.start, context.request(workspace, owner))
    }
}

/// Orders the stop of a workspace.
package struct StopWorkspace: Operation {
    /// Its name or id.
    package var workspace: String
    /// Its owner, when several workspaces have the name.
    package var owner: String?

    package static let route = Route(.post, "/workspaces/{workspace}/stop", .workspaces, for: .member)
        .doing("Stop a workspace")
        .noting(", of their own. Its lifetime goes on. While another build is under way the answer is `conflict`.")
        .taking(workspaceFields)
        .answering("The build that stops it.", .one("OrderedBuild"), status: .accepted)

    package init(workspace: String, owner: String? = nil) {
        self.workspace = workspace
        self.owner = owner
    }

    package func perform(in context: OperationContext) async throws -> OrderedBuild {
        try await context.store.order(.stop, context.request(workspace, owner))
    }
}

/// Orders the stop of a workspace, whose end orders its start.
package struct RestartWorkspace: Operation {
    /// Its name or id.
    package var workspace: String
    /// Its owner, when several workspaces have the name.
    package var owner: String?

    package static let route = Route(.post, "/workspaces/{workspace}/restart", .workspaces, for: .member)
        .doing("Stop a workspace, and start it again")
        .noting(", of their own. These are two builds: the end of the stop orders the start, unless the stop fails.")
        .taking(workspaceFields)
        .answering("The build that stops it.", .one("OrderedBuild"), status: .accepted)

    package init(workspace: String, owner: String? = nil) {
        self.workspace = workspace
        self.owner = owner
    }

    package func perform(in context: OperationContext) async throws -> OrderedBuild {
        try await context.store.order(.restart, context.request(workspace, owner))
    }
}

/// Moves the end of a workspace.
package struct ExtendWorkspace: Operation {
    /// Its name or id.
    package var workspace: String
    /// Its owner, when several workspaces have the name.
    package var owner: String?
    /// Seconds beyond the present end.
    package var by: Int?
    /// Seconds from now.
    package var ttl: Int?
    package var until: Instant?

    package static let route = Route(.post, "/workspaces/{workspace}/extend", .workspaces, for: .member)
        .doing("Move the end of a workspace")
        .noting(
            ", of their own: exactly one of `by`, `ttl` and `until`. The template's maximum, counted from the claim, holds."
        )
        .taking(
            workspaceFields + [
                Field("by", .integer(1...ClaimWorkspace.longestLife), "Seconds beyond the present end."),
                Field("ttl", .integer(1...ClaimWorkspace.longestLife), "Seconds from now."),
                Field("until", .instant, "The new end."),
            ]
        )
        .answering("The workspace.", .one("Workspace"))

    package init(workspace: String, owner: String? = nil, by: Int? = nil, ttl: Int? = nil, until: Instant? = nil) {
        self.workspace = workspace
        self.owner = owner
        self.by = by
        self.ttl = ttl
        self.until = until
    }

    package func perform(in context: OperationContext) async throws -> WorkspaceSummary {
        let asked = [
            by.map(LifeExtension.by), ttl.map { LifeExtension.from(now: $0) }, until.map(LifeExtension.until),
        ].compactMap(\.self)
        guard let change = asked.first, asked.count == 1 else {
            throw Refusal(.invalid, "An extension takes one of by, ttl and until", remedy: "Give exactly one.")
        }
        return try await context.store.extend(change, context.request(workspace, owner))
    }
}

/// Orders the update of a workspace to the active version, or its rehearsal.
package struct UpdateWorkspace: Operation {
    /// Its name or id.
    package var workspace: String
    /// Its owner, when several workspaces have the name.
    package var owner: String?
    /// Whether it is made; else it is only rehearsed.
    package var yes: Bool?
    package var parameters: [String: String]?

    package static let route = Route(.post, "/workspaces/{workspace}/update", .workspaces, for: .member)
        .doing("Update a workspace to the active version of its template")
        .noting(
            """
            , of their own. Without `yes` the update is only rehearsed: the job plans it, changes nothing, and \
            `showWorkspaceUpdate` then tells what would be replaced. Only Terraform can rehearse. While another build is under \
            way the answer is `conflict`.
            """
        )
        .taking(
            workspaceFields + [
                Field("yes", .flag, "Make the update.", default: .flag(false)),
                Field("parameters", .textMap, "Values that differ from the present ones or complete them."),
            ]
        )
        .answering("The update, with the job that was ordered.", .one("WorkspaceUpdate"), status: .accepted)

    package init(workspace: String, owner: String? = nil, yes: Bool? = nil, parameters: [String: String]? = nil) {
        self.workspace = workspace
        self.owner = owner
        self.yes = yes
        self.parameters = parameters
    }

    package func perform(in context: OperationContext) async throws -> WorkspaceUpdate {
        try await context.store.update(
            context.request(workspace, owner),
            giving: parameters ?? [:],
            rehearsing: yes != true
        )
    }
}

/// What an update of a workspace would replace.
package struct ShowWorkspaceUpdate: Operation {
    /// Its name or id.
    package var workspace: String
    /// Its owner, when several workspaces have the name.
    package var owner: String?

    package static let route = Route(.get, "/workspaces/{workspace}/update", .workspaces, for: .member)
        .doing("Show what an update of a workspace to the active version would replace")
        .noting(", of their own, as far as it was rehearsed.")
        .taking(workspaceFields)
        .answering("The versions, and the latest rehearsal.", .one("WorkspaceUpdate"))

    package init(workspace: String, owner: String? = nil) {
        self.workspace = workspace
        self.owner = owner
    }

    package func perform(in context: OperationContext) async throws -> WorkspaceUpdate {
        try await context.store.workspaceUpdate(context.request(workspace, owner))
    }
}

extension OperationContext {
    /// The caller's request about a workspace.
    func request(_ workspace: String, _ owner: String?) -> WorkspaceRequest {
        WorkspaceRequest(workspace, owner: owner, audience: caller.audience, by: caller.userID)
    }
}
