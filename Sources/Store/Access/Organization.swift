// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient

/// An organization as lists show it, with what it uses of its limits.
package struct Organization: Hashable, Sendable, Codable {
    package var id: OrganizationID
    package var name: String
    package var displayName: String
    package var isDefault: Bool
    /// The most jobs of it that run at once; `nil`: no cap.
    package var maxConcurrentBuilds: Int?
    /// The most prebuilds of it; `nil`: no quota.
    package var prebuildQuota: Int?
    /// Its jobs that run now.
    package var running: Int
    /// Its prebuilds, in whatever state.
    package var prebuilds: Int
    package var templates: Int

    private enum CodingKeys: String, CodingKey {
        case id, name, running, prebuilds, templates
        case displayName = "display_name"
        case isDefault = "default"
        case maxConcurrentBuilds = "max_concurrent_builds"
        case prebuildQuota = "prebuild_quota"
    }
}

/// A change of an optional limit.
package enum LimitChange: Hashable, Sendable {
    case unchanged
    case unlimited
    case set(Int)

    /// The new value of the column of type `integer`.
    func value(of column: SQL) -> SQL {
        switch self {
        case .unchanged: column
        case .unlimited: "NULL::integer"
        case .set(let limit): "\(Int32(clamping: limit))"
        }
    }
}

/// Changes of an organization; what is `nil` or unchanged stays.
package struct OrganizationChange: Hashable, Sendable {
    package var displayName: String?
    package var maxConcurrentBuilds = LimitChange.unchanged
    package var prebuildQuota = LimitChange.unchanged

    package init(
        displayName: String? = nil,
        maxConcurrentBuilds: LimitChange = .unchanged,
        prebuildQuota: LimitChange = .unchanged
    ) {
        self.displayName = displayName
        self.maxConcurrentBuilds = maxConcurrentBuilds
        self.prebuildQuota = prebuildQuota
    }
}

extension SQL {
    /// A query for the id of an organization, by its name or id. A name in the same case comes before others.
    static func organizationID(_ name: String) -> SQL {
        """
        SELECT o.id FROM organizations o WHERE lower(o.name) = lower(\(name)) OR o.id::text = lower(\(name))
        ORDER BY o.name = \(name) DESC, o.created_at LIMIT 1
        """
    }
}
