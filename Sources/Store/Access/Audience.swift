// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
package import Time

/// Whose workspaces and jobs somebody may know of. What is not among them does not exist for them.
package enum Audience: Hashable, Sendable {
    case everything
    /// A person's own workspaces and their jobs.
    case own(UserID)
    /// A person's own, and what pools are made of: prebuilds, their jobs, and imports.
    case ownAndPools(UserID)

    /// Whether a workspace `w` is among them; false where there is no workspace.
    var seesWorkspace: SQL {
        switch self {
        case .everything: "true"
        case .own(let user): "coalesce(w.owner_id = \(user), false)"
        case .ownAndPools(let user): "coalesce(w.owner_id IN (\(user), \(prebuildsUserID)), false)"
        }
    }

    /// Whether a job `j`, which may be a build of the workspace `w`, is among them.
    var seesJob: SQL {
        switch self {
        case .everything, .own: seesWorkspace
        case .ownAndPools: "(j.type = 'template_version_import' OR \(sql: seesWorkspace))"
        }
    }
}

/// The last element of a page, behind which the next one begins.
package struct PageMark<Kind>: Hashable, Sendable {
    package let createdAt: Instant
    package let id: Identifier<Kind>

    package init(createdAt: Instant, id: Identifier<Kind>) {
        self.createdAt = createdAt
        self.id = id
    }
}
