// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient

/// Conditions on prebuilds that several statements need. Tables are named by their aliases.
extension SQL {
    /// ``prebuildsUserID`` as a literal: a partial index is used only for a literal.
    static let prebuildsUser: SQL = "\(quoted: "\(prebuildsUserID)")"

    /// Whether the workspace is a prebuild that nobody has claimed.
    static func isPrebuild(_ workspace: String = "w") -> SQL {
        "(\(identifier: workspace).owner_id = \(sql: prebuildsUser) AND NOT \(identifier: workspace).deleted)"
    }

    /// A prebuild that was created before this time cannot be claimed: it is older than its preset's time to live, or, in a
    /// pool that is replaced at once, than the last invalidation. NULL: all can. The planner has the same rule, which splits a pool (`RuleTests` compares them).
    static func expiry(of preset: String = "p", at moment: SQL = "now()") -> SQL {
        """
        greatest(CASE WHEN \(identifier: preset).max_unavailable IS NULL THEN \(identifier: preset).last_invalidated_at END, CASE WHEN \(identifier: preset).invalidate_after_secs > 0 THEN
            \(sql: moment) - make_interval(secs => \(identifier: preset).invalidate_after_secs) END)
        """
    }
}
