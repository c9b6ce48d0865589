// SPDX-License-Identifier: Apache-2.0

import PostgresClient

/// Rules about templates that several statements need, each as a part of one. Tables are named by their alias.
extension SQL {
    /// Whether the template is given to people: neither deleted nor deprecated.
    static func isInUse(_ template: String = "t") -> SQL {
        "(NOT \(identifier: template).deleted AND \(identifier: template).deprecated = '')"
    }

    /// Whether the version is the active one of a template in use, so that pools are kept of it. Unknown while the template
    /// has none.
    static func isActive(_ version: SQL = "v.id", of template: String = "t") -> SQL {
        "(\(sql: version) = \(identifier: template).active_version_id AND \(sql: isInUse(template)))"
    }

    /// Whether the template's pools create nothing at the moment. The planner says it too (`RuleTests`).
    static func isPaused(_ template: String = "t", at moment: SQL = "now()") -> SQL {
        "coalesce(\(identifier: template).prebuilds_paused_until > \(sql: moment), false)"
    }

    /// The query for the id of a template that is not deleted, the default organization's before others.
    static func templateID(named name: String?) -> SQL {
        """
        SELECT t.id FROM templates t JOIN organizations o ON o.id = t.organization_id
        WHERE lower(t.name) = lower(\(name)) AND NOT t.deleted ORDER BY o.is_default DESC, o.name LIMIT 1
        """
    }
}
