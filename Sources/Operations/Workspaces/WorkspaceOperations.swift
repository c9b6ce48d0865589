// SPDX-License-Identifier: Apache-2.0

package import Prebuilds
package import Store

/// Gives a person a ready prebuild at once, else a fresh build.
package struct ClaimWorkspace: Operation {
    package var template: String
    package var preset: String?
    /// `nil`: the caller.
    package var owner: String?
    package var name: String
    package var parameters: [String: String]?
    /// With the same key, the same request gives the same workspace however often it is made.
    package var idempotencyKey: String?
    /// How many seconds to wait for the next prebuild when none is ready; `nil`: not at all.
    package var patience: Int?

    private enum CodingKeys: String, CodingKey {
        case template, preset, owner, name, parameters
        case idempotencyKey = "idempotency_key"
        case patience = "wait_for_refill"
    }

    package static let route = Route(
        .post,
        "/claims",
        .workspaces,
        for: .member,
        status: 201,
        [
            Field("template", .text(most: 64), required: true),
            Field("preset", .text(most: 128)),
            Field("owner", .text(most: 64)),
            Field("name", .text(most: 64), required: true),
            Field("parameters", .textMap),
            Field("wait_for_refill", .integer(1...3600)),
            Field("idempotency_key", .text(most: 255), in: .header("Idempotency-Key")),
        ]
    )

    package init(_ request: ClaimRequest, patience: Int? = nil) {
        template = request.template
        preset = request.preset
        owner = request.owner
        name = request.name
        parameters = request.parameters
        idempotencyKey = request.idempotencyKey
        self.patience = patience
    }

    package func perform(in context: OperationContext) async throws -> ClaimResult {
        let caller = context.caller
        let owner = try caller.named(owner)
        guard caller.has(.owner) || owner.lowercased() == caller.name.lowercased() else {
            throw Refusal(.forbidden, "Only the role 'owner' claims workspaces for others", remedy: "Claim your own.")
        }
        let request = ClaimRequest(
            template: template,
            preset: preset,
            owner: owner,
            name: name,
            parameters: parameters ?? [:],
            idempotencyKey: idempotencyKey
        )
        guard let patience else { return try await context.store.claim(request) }
        return try await context.news.following(.prebuilds) { bell in
            try await context.store.claim(request, waitingAtMost: .seconds(patience)) { await bell.wait(atMost: $0) }
        }
    }
}

/// What a claim gave, as it is now.
package struct ShowClaim: Operation {
    package var claim: ClaimID

    package static let route = Route(
        .get,
        "/claims/{claim}",
        .workspaces,
        for: .member,
        [Field("claim", .identifier, required: true)]
    )

    package init(claim: ClaimID) {
        self.claim = claim
    }

    package func perform(in context: OperationContext) async throws -> ClaimResult {
        try await context.store.claim(claim, visibleTo: context.caller.audience)
    }
}

package struct ListWorkspaces: PagedOperation {
    package typealias Element = WorkspaceSummary

    /// Only those of this user.
    package var owner: String?
    package var limit: Int?
    package var cursor: String?

    package static let route = Route(
        .get,
        "/workspaces",
        .workspaces,
        for: .member,
        [Field("owner", .text(most: 64))] + Cursor.fields
    )

    package init(owner: String? = nil, limit: Int? = nil, cursor: String? = nil) {
        self.owner = owner
        self.limit = limit
        self.cursor = cursor
    }

    package func perform(in context: OperationContext) async throws -> Page<WorkspaceSummary> {
        try await Cursor.page(limit, cursor) { mark, limit in
            try await context.store.workspaces(
                owner: owner,
                visibleTo: context.caller.audience,
                after: mark,
                limit: limit
            )
        } mark: {
            PageMark(createdAt: $0.createdAt, id: $0.id)
        }
    }
}

/// Enqueues the deletion of a workspace and of what was built for it.
package struct DeleteWorkspace: Operation {
    /// Its name or id.
    package var workspace: String
    /// Its owner, where several workspaces have the name.
    package var owner: String?

    package static let route = Route(
        .delete,
        "/workspaces/{workspace}",
        .workspaces,
        for: .member,
        status: 202,
        [Field("workspace", .text(most: 64), required: true), Field("owner", .text(most: 64))]
    )

    package init(workspace: String, owner: String? = nil) {
        self.workspace = workspace
        self.owner = owner
    }

    package func perform(in context: OperationContext) async throws -> DeletionReport {
        let job = try await context.store.deleteWorkspace(
            workspace,
            owner: owner,
            visibleTo: context.caller.audience
        )
        return DeletionReport(jobID: job, status: JobStatus.pending.rawValue)
    }
}

/// A deletion that is under way.
package struct DeletionReport: Hashable, Sendable, Codable {
    package let jobID: JobID
    package var status: String

    private enum CodingKeys: String, CodingKey {
        case status
        case jobID = "job_id"
    }
}
