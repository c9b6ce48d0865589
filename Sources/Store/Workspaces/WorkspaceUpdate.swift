// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Time

/// The update of a workspace to the active version of its template: what it would replace, and the build that makes it.
package struct WorkspaceUpdate: Hashable, Sendable, Codable {
    package var workspaceID: WorkspaceID
    package var workspaceName: String
    /// The version of its latest build.
    package var versionName: String
    /// The active version; empty if there is none.
    package var activeVersionName: String
    /// Whether it is built with the active version.
    package var isCurrent: Bool
    /// Whether the provisioner can say what an update would replace without making it.
    package var canRehearse: Bool
    /// The ordered job: of the rehearsal, or of the update itself.
    package var jobID: JobID?
    /// The latest rehearsal of an update to the active version.
    package var rehearsal: Rehearsal?

    /// A plan that is not applied.
    package struct Rehearsal: Hashable, Sendable, Codable {
        package var jobID: JobID
        package var status: OpenEnum<JobStatus>
        package var error: String
        package var createdAt: Instant
        /// What the update would replace; `nil`: it has not succeeded.
        package var replacements: [Replacement]?

        private enum CodingKeys: String, CodingKey {
            case status, error, replacements
            case jobID = "job_id"
            case createdAt = "created_at"
        }
    }

    private enum CodingKeys: String, CodingKey {
        case rehearsal
        case workspaceID = "workspace_id"
        case workspaceName = "workspace_name"
        case versionName = "version_name"
        case activeVersionName = "active_version_name"
        case isCurrent = "current"
        case canRehearse = "can_rehearse"
        case jobID = "job_id"
    }
}
