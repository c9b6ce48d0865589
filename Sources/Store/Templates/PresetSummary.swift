// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Time

/// Which presets an operator's command applies to.
package enum PresetSelection: Hashable, Sendable {
    /// Any preset, also of an old version.
    case id(PresetID)
    /// A preset of the template's active version by name, or all of them.
    case ofTemplate(String, named: String? = nil)

    var presetID: PresetID? {
        if case .id(let id) = self { id } else { nil }
    }

    var template: String? {
        if case .ofTemplate(let template, _) = self { template } else { nil }
    }

    var name: String? {
        if case .ofTemplate(_, let name) = self { name } else { nil }
    }

    /// The error when there are none.
    var missing: StoreError {
        switch self {
        case .id(let id): .notFound("preset", "\(id)", remedy: "See 'stoker presets list'.")
        case .ofTemplate(let template, nil):
            .notFound("template with presets", template, remedy: "See 'stoker templates list'.")
        case .ofTemplate(let template, let name?):
            .notFound("preset", "\(template)/\(name)", remedy: "See 'stoker presets list'.")
        }
    }
}

/// A preset of an active version, as lists show it. Its current counts are in the plan.
package struct PresetSummary: Hashable, Sendable, Codable {
    package var id: PresetID
    package var name: String
    package var templateName: String
    package var versionName: String
    package var organizationName: String
    package var isDefault: Bool
    /// The count outside of the schedule; `nil`: no pool.
    package var desiredInstances: Int?
    package var status: PrebuildStatus
    package var statusMessage: String
    package var failuresForgottenBefore: Instant?
    package var lastInvalidatedAt: Instant?
    /// Until when the template's pools are paused; ``Instant/distantFuture``: until they are resumed; `nil`: not
    /// paused.
    package var pausedUntil: Instant?

    private enum CodingKeys: String, CodingKey {
        case id, name, status
        case templateName = "template_name"
        case versionName = "version_name"
        case organizationName = "org_name"
        case isDefault = "default"
        case desiredInstances = "desired_instances"
        case statusMessage = "status_message"
        case failuresForgottenBefore = "failures_forgotten_before"
        case lastInvalidatedAt = "last_invalidated_at"
        case pausedUntil = "paused_until"
    }
}

/// A preset that an operator has changed.
package struct ChangedPreset: Hashable, Sendable, Codable {
    package var id: PresetID
    package var name: String
    package var templateName: String
    /// Before the change.
    package var statusBefore: PrebuildStatus

    private enum CodingKeys: String, CodingKey {
        case id, name
        case templateName = "template_name"
        case statusBefore = "status_before"
    }
}
