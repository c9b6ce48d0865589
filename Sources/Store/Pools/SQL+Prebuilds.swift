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

    /// Whether the prebuild is older than its preset's time to live, or than the last invalidation. The planner has the
    /// same rule, which splits a pool (`RuleTests` compares them).
    static func isExpired(_ workspace: String = "w", of preset: String = "p", at moment: SQL = "now()") -> SQL {
        let (created, preset): (SQL, SQL) = ("\(identifier: workspace).created_at", "\(identifier: preset)")
        return """
            (coalesce(\(sql: preset).invalidate_after_secs > 0 AND \(sql: created) <
                \(sql: moment) - make_interval(secs => \(sql: preset).invalidate_after_secs), false)
                OR coalesce(\(sql: created) < \(sql: preset).last_invalidated_at, false))
            """
    }
}
