// SPDX-License-Identifier: Apache-2.0

import PostgresClient

/// Conditions on templates that several statements need. Tables are named by their aliases.
extension SQL {
    /// The template can be claimed: it is neither deleted nor deprecated.
    static func isInUse(_ template: String = "t") -> SQL {
        "(NOT \(identifier: template).deleted AND \(identifier: template).deprecated = '')"
    }

    /// The version is the active one of a template in use, so that it has pools. Unknown while the template has no
    /// active version.
    static func isActive(_ version: SQL = "v.id", of template: String = "t") -> SQL {
        "(\(sql: version) = \(identifier: template).active_version_id AND \(sql: isInUse(template)))"
    }

    /// The template's pools create nothing at the moment. The planner has the same rule (`RuleTests` compares them).
    static func isPaused(_ template: String = "t", at moment: SQL = "now()") -> SQL {
        "coalesce(\(identifier: template).prebuilds_paused_until > \(sql: moment), false)"
    }

    /// A query for the id of a template that is not deleted, the default organization's before others.
    static func templateID(named name: String?) -> SQL {
        templateID(namedBy: "\(name)")
    }

    /// As ``templateID(named:)``, with an expression of type `text`.
    static func templateID(namedBy name: SQL) -> SQL {
        """
        SELECT t.id FROM templates t JOIN organizations o ON o.id = t.organization_id
        WHERE lower(t.name) = lower(\(sql: name)) AND NOT t.deleted ORDER BY o.is_default DESC, o.name LIMIT 1
        """
    }
}
