// SPDX-License-Identifier: Apache-2.0

package import Domain
import HTTPTypes
package import Store

/// Claims several ready workspaces at once, in one transaction.
package struct ClaimWorkspaces: Operation {
    package var template: String
    package var preset: String?
    /// `nil`: the caller.
    package var owner: String?
    /// The workspaces are called `name-1`, `name-2` and so on.
    package var name: String
    package var count: Int
    package var parameters: [String: String]?
    package var labels: [String: String]?
    /// How many must be served; `nil`: all.
    package var rule: String?
    package var idempotencyKey: String?

    private enum CodingKeys: String, CodingKey {
        case template, preset, owner, name, count, parameters, labels, rule
        case idempotencyKey = "idempotency_key"
    }

    package static let route = Route(.post, "/claim-batches", .workspaces, for: .member)
        .doing("Claim several ready workspaces")
        .noting(
            """
            , in one transaction; nothing is built. `all` gives as many as are asked for, or refuses with 409 and spends \
            nothing; `available` gives as many as there are. They are called `name-1`, `name-2` and so on.
            """
        )
        .taking(
            Field("template", .text(most: 64), required: true),
            Field("preset", .text(most: 128), "As for one claim."),
            Field("owner", .text(most: 64), "Default: the caller."),
            Field("name", .text(most: 60), "What the names of the workspaces begin with.", required: true),
            Field("count", .integer(1...Store.mostClaimsTogether), "How many.", required: true),
            Field("parameters", .textMap),
            Field("labels", .textMap, "Labels of all of them."),
            Field("rule", .choice(of: ClaimSetRule.self), default: .text(ClaimSetRule.all.rawValue)),
            Field("idempotency_key", .text(least: 1, most: 128), in: .header(.idempotencyKey), pattern: "^[!-~]+$")
        )
        .answering("The claims that were served, in the order of their names.", .list("Claim"), status: .created)

    package init(_ request: ClaimRequest, count: Int, rule: ClaimSetRule) {
        template = request.template
        preset = request.preset
        owner = request.owner
        name = request.name
        self.count = count
        parameters = request.parameters
        labels = request.labels
        self.rule = rule.rawValue
        idempotencyKey = request.idempotencyKey
    }

    package func perform(in context: OperationContext) async throws -> [ClaimResult] {
        let owner = try context.caller.claimant(owner)
        let request = ClaimRequest(
            template: template,
            preset: preset,
            owner: owner,
            name: name,
            parameters: parameters ?? [:],
            idempotencyKey: idempotencyKey,
            labels: labels ?? [:]
        )
        let names = (1...max(count, 1)).map { "\(name)-\($0)" }
        return try await context.store.claim(request, names: names, rule.flatMap { ClaimSetRule(rawValue: $0) } ?? .all)
    }
}

/// Enqueues the deletion of all workspaces that have labels.
package struct DeleteWorkspaces: Operation {
    /// Labels with commas between them: `team=data,run=17`.
    package var selector: String
    /// Only those of this user.
    package var owner: String?

    package static let route = Route(.post, "/workspace-batches/delete", .workspaces, for: .member)
        .doing("Delete all workspaces that have these labels, and their resources")
        .noting(", of their own. One that cannot be deleted now says why, and does not hold up the others.")
        .taking(
            Field("selector", .text(least: 3, most: 2_000), selectorWords, required: true),
            Field("owner", .text(most: 64), "Only this user's.")
        )
        .answering("The workspaces, and the job that deletes each.", .list("SelectedDeletion"), status: .accepted)

    package init(selector: String, owner: String? = nil) {
        self.selector = selector
        self.owner = owner
    }

    package func perform(in context: OperationContext) async throws -> [SelectedDeletion] {
        let (store, audience) = (context.store, context.caller.audience)
        let labels = try Labels.selector(selector)
        var deletions: [SelectedDeletion] = []
        var mark: PageMark<Kind.Workspace>?
        while true {
            let page = try await store.workspaces(
                owner: owner,
                visibleTo: audience,
                labelled: labels,
                after: mark,
                limit: 200
            )
            for workspace in page {
                var deletion = SelectedDeletion(workspace)
                do {
                    deletion.jobID = try await store.deleteWorkspace("\(workspace.id)", visibleTo: audience)
                } catch let error as StoreError where [.conflict, .notFound].contains(error.code) {
                    deletion.error = error.message
                }
                deletions.append(deletion)
            }
            guard page.count == 200, let last = page.last else { return deletions }
            mark = PageMark(createdAt: last.createdAt, id: last.id)
        }
    }
}

let selectorWords = "Labels that the workspaces have, with commas between them: `team=data,run=17`."

/// A workspace that a selector has found, and its deletion.
package struct SelectedDeletion: Hashable, Sendable, Codable {
    package let workspaceID: WorkspaceID
    package let workspaceName: String
    package let ownerName: String
    /// `nil`: it is not deleted.
    package var jobID: JobID?
    /// Why it is not; absent otherwise.
    package var error: String?

    init(_ workspace: WorkspaceSummary) {
        workspaceID = workspace.id
        workspaceName = workspace.name
        ownerName = workspace.ownerName
    }

    private enum CodingKeys: String, CodingKey {
        case error
        case workspaceID = "workspace_id"
        case workspaceName = "workspace_name"
        case ownerName = "owner_name"
        case jobID = "job_id"
    }
}
