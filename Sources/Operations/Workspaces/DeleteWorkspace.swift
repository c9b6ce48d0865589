// SPDX-License-Identifier: Apache-2.0

import Basics
package import Domain
import HTTPTypes
import Provisioning
import Store

/// Enqueues the deletion of a workspace with its resources; or removes only the workspace, by force.
package struct DeleteWorkspace: Operation {
    /// Its name or id.
    package var workspace: String
    /// Its owner, when several workspaces have the name.
    package var owner: String?
    /// Whether it is removed without its provisioner, which cannot run any more. The resources stay.
    package var force: Bool?

    package static let route = Route(.delete, "/workspaces/{workspace}", .workspaces, for: .member)
        .doing("Delete a workspace and its resources")
        .noting(
            """
            , of their own. With `force` the workspace is removed at once, its provisioner is not run, and what was built \
            stays: for one whose provisioner cannot run any more. That is for `template-admin`.
            """
        )
        .taking(
            workspaceFields + [
                Field("force", .flag, "Remove the workspace without running its provisioner.", default: .flag(false))
            ]
        )
        .answering(
            "The job that deletes it; by force it has ended, and `warning` says what is left behind.",
            .one("Deletion"),
            status: .accepted
        )

    package init(workspace: String, owner: String? = nil, force: Bool? = nil) {
        self.workspace = workspace
        self.owner = owner
        self.force = force
    }

    package func auditTarget(for caller: Caller) -> String? { owner.map { "\($0)/\(workspace)" } }

    package func perform(in context: OperationContext) async throws -> DeletionReport {
        if force == true { return try await abandon(in: context) }
        let job = try await context.store.deleteWorkspace(
            workspace,
            owner: owner,
            visibleTo: context.caller.audience
        )
        return DeletionReport(jobID: job, status: OpenEnum(.pending))
    }

    /// The remaining resources may cost money, so a member cannot decide that.
    private func abandon(in context: OperationContext) async throws -> DeletionReport {
        guard context.caller.has(.templateAdmin) else {
            throw Refusal(
                .forbidden,
                "Removing a workspace and leaving its resources behind needs the role template-admin",
                remedy: "Ask an administrator, or delete it without force."
            )
        }
        let (caller, codec) = (context.caller.name, try context.codec())
        return try await context.store.abandoning(
            workspace,
            owner: owner,
            visibleTo: context.caller.audience,
            by: caller
        ) { abandonment in
            let abandoned = abandonment.workspace
            let resources = await Self.resources(of: abandoned, codec)
            let warning = abandoned.warning(resources: resources)
            try await abandonment.remove(
                noting: "\(caller) removed the workspace without running its provisioner. \(warning)"
            )
            return DeletionReport(
                jobID: abandoned.jobID,
                status: OpenEnum(.succeeded),
                leftBehind: resources,
                warning: warning
            )
        }
    }
}

/// A deletion in progress, or a workspace that was removed by force.
package struct DeletionReport: Hashable, Sendable, Codable {
    /// `nil`: there is no build to record it with.
    package let jobID: JobID?
    package var status: OpenEnum<JobStatus>
    /// The resources that may still exist, as far as they are known; only by force.
    package var leftBehind: [String]?
    /// The remedy; only by force.
    package var warning: String?

    private enum CodingKeys: String, CodingKey {
        case status, warning
        case jobID = "job_id"
        case leftBehind = "left_behind"
    }
}

extension DeleteWorkspace {
    /// The resources that its builds reported and that its states contain. A failed build reports none, and has a
    /// state.
    private static func resources(of abandoned: AbandonedWorkspace, _ codec: StateCodec) async -> [String] {
        let named = await BlockingWork.run {
            abandoned.states.flatMap { sealed in
                // A state whose key is gone cannot be read; the warning says that there is one.
                (try? codec.open(sealed)).map(StateContents.resources) ?? []
            }
        }
        return Set(abandoned.resources + named).sorted()
    }
}

extension AbandonedWorkspace {
    fileprivate func warning(resources: [String]) -> String {
        let state = states.isEmpty ? "" : " Its last state stays with its builds."
        guard resources.isEmpty else {
            let names = resources.prefix(50).joined(separator: ", ")
            let more = resources.count > 50 ? " and \(resources.count - 50) more" : ""
            return "These resources may still exist, and nothing will remove them: \(names)\(more).\(state)"
        }
        return states.isEmpty
            ? "No resources of it are known."
            : "It has a state, whose resources may still exist; nothing will remove them.\(state)"
    }
}
