// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
package import Time

/// The workspaces and jobs that a caller may see. All others do not exist for the caller.
package enum Audience: Hashable, Sendable {
    case everything
    /// The caller's own workspaces and their jobs.
    case own(UserID)
    /// The caller's own, and the parts of pools: prebuilds, their jobs, and imports.
    case ownAndPools(UserID)

    /// Whether the caller may see a workspace `w`; false when there is no workspace.
    var seesWorkspace: SQL {
        switch self {
        case .everything: "true"
        case .own(let user): "coalesce(w.owner_id = \(user), false)"
        case .ownAndPools(let user): "coalesce(w.owner_id IN (\(user), \(prebuildsUserID)), false)"
        }
    }

    /// Whether the caller may see a job `j`, which may be a build of the workspace `w`.
    var seesJob: SQL {
        switch self {
        case .everything, .own: seesWorkspace
        case .ownAndPools: "(j.type = 'template_version_import' OR \(sql: seesWorkspace))"
        }
    }
}

/// The last element of a page; the next page begins after it.
package struct PageMark<Kind>: Hashable, Sendable {
    package let createdAt: Instant
    package let id: Identifier<Kind>

    package init(createdAt: Instant, id: Identifier<Kind>) {
        self.createdAt = createdAt
        self.id = id
    }
}
