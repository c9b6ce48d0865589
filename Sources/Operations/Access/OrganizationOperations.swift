// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
package import Store

/// Lists the organizations, with what each uses of its limits.
package struct ListOrganizations: Operation {
    package static let route = Route(.get, "/organizations", .organizations, for: .templateAdmin)
        .doing("List the organizations, with their caps and quotas and what is used of them")
        .answering("Organizations by name.", .list("Organization"))

    package init() {}

    package func perform(in context: OperationContext) async throws -> [Organization] {
        try await context.store.organizations()
    }
}

/// Adds an organization.
package struct AddOrganization: Operation {
    package var name: String
    package var displayName: String?
    package var maxConcurrentBuilds: Int?
    package var prebuildQuota: Int?

    private enum CodingKeys: String, CodingKey {
        case name
        case displayName = "display_name"
        case maxConcurrentBuilds = "max_concurrent_builds"
        case prebuildQuota = "prebuild_quota"
    }

    package static let route = Route(.post, "/organizations", .organizations, for: .owner)
        .doing("Add an organization")
        .noting("Templates are pushed into it by name; workers may be limited to it.")
        .taking([Field("name", .text(most: 32), required: true)] + limitFields)
        .answering("The organization.", .one("Organization"), status: .created)

    package init(
        name: String,
        displayName: String? = nil,
        maxConcurrentBuilds: Int? = nil,
        prebuildQuota: Int? = nil
    ) {
        self.name = name
        self.displayName = displayName
        self.maxConcurrentBuilds = maxConcurrentBuilds
        self.prebuildQuota = prebuildQuota
    }

    package func perform(in context: OperationContext) async throws -> Organization {
        let change = OrganizationChange(
            displayName: displayName,
            maxConcurrentBuilds: maxConcurrentBuilds.map { .set($0) } ?? .unchanged,
            prebuildQuota: prebuildQuota.map { .set($0) } ?? .unchanged
        )
        return try await context.store.addOrganization(name, change)
    }
}

/// Changes an organization's limits, or its name for people.
package struct SetOrganization: Operation {
    /// Its name or id.
    package var organization: String
    package var displayName: String?
    package var maxConcurrentBuilds: Int?
    package var prebuildQuota: Int?
    /// The limits to take away.
    package var unset: [OrganizationLimit]?

    private enum CodingKeys: String, CodingKey {
        case organization, unset
        case displayName = "display_name"
        case maxConcurrentBuilds = "max_concurrent_builds"
        case prebuildQuota = "prebuild_quota"
    }

    package static let route = Route(.post, "/organizations/{organization}", .organizations, for: .owner)
        .doing("Change an organization's caps and quotas, or its name for people")
        .noting("What is not named stays as it is. Builds and prebuilds that are above a new limit already stay.")
        .taking(
            [Field("organization", .text(least: 1, most: 64), "Its name or id.", required: true)] + limitFields + [
                Field("unset", .choices(of: OrganizationLimit.self), "The limits to take away.")
            ]
        )
        .answering("The organization.", .one("Organization"))

    package init(
        organization: String,
        displayName: String? = nil,
        maxConcurrentBuilds: Int? = nil,
        prebuildQuota: Int? = nil,
        unset: [OrganizationLimit]? = nil
    ) {
        self.organization = organization
        self.displayName = displayName
        self.maxConcurrentBuilds = maxConcurrentBuilds
        self.prebuildQuota = prebuildQuota
        self.unset = unset
    }

    package func perform(in context: OperationContext) async throws -> Organization {
        let unset = Set((unset ?? []).map(\.rawValue))
        let change = OrganizationChange(
            displayName: displayName,
            maxConcurrentBuilds: try LimitChange("max_concurrent_builds", maxConcurrentBuilds, unset: unset),
            prebuildQuota: try LimitChange("prebuild_quota", prebuildQuota, unset: unset)
        )
        guard change != OrganizationChange() else { throw Refusal.nothingToChange }
        return try await context.store.changeOrganization(organization, change)
    }
}

/// The limits of an organization that can be taken away.
package enum OrganizationLimit: String, CaseIterable, Codable, Sendable {
    case maxConcurrentBuilds = "max_concurrent_builds"
    case prebuildQuota = "prebuild_quota"
}

/// The range of caps and quotas.
package let limitRange = 0...1_000_000

/// The cap of builds, of an organization or a template.
let capField = Field("max_concurrent_builds", .integer(limitRange), "The most builds of it that run at once.")

private let limitFields = [
    Field("display_name", .text(most: 200), "A name for people to read."),
    capField,
    Field("prebuild_quota", .integer(limitRange), "The most prebuilds of it."),
]

extension LimitChange {
    /// Throws ``Refusal`` when a limit is set and taken away.
    init(_ name: String, _ value: Int?, unset: Set<String>) throws(Refusal) {
        switch (value, unset.contains(name)) {
        case (nil, false): self = .unchanged
        case (nil, true): self = .unlimited
        case (let value?, false): self = .set(value)
        case (_?, true): throw Refusal(.invalid, "'\(name)' is set and taken away", remedy: "Do one of both.")
        }
    }
}

extension Refusal {
    static let nothingToChange = Refusal(.invalid, "Nothing is given to be changed", remedy: "Name what to set.")
}
