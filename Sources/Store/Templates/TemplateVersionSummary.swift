// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Time

/// A version of a template, as lists show it.
package struct TemplateVersionSummary: Hashable, Sendable, Codable {
    package var id: TemplateVersionID
    package var name: String
    package var message: String
    /// The status of its import's job; `succeeded` for a version without an import.
    package var status: OpenEnum<JobStatus>
    /// Why its import failed; empty otherwise.
    package var error: String
    package var isActive: Bool
    package var presets: Int
    /// Workspaces, including prebuilds, that are not deleted and whose latest build is of this version.
    package var workspaces: Int
    package var createdAt: Instant
    /// What a claim of its prebuilds would do; `nil`: no prebuild of it has become ready yet.
    package var rehearsal: RehearsalReport?

    private enum CodingKeys: String, CodingKey {
        case id, name, message, status, error, presets, workspaces, rehearsal
        case isActive = "active"
        case createdAt = "created_at"
    }
}

/// A rehearsed claim, as lists show it.
package struct RehearsalReport: Hashable, Sendable, Codable {
    package var status: OpenEnum<Rehearsal.Status>
    package var presetName: String
    package var replacements: [Replacement]
    /// Why it failed, or why there is none.
    package var message: String
    package var at: Instant?

    private enum CodingKeys: String, CodingKey {
        case status, replacements, message, at
        case presetName = "preset_name"
    }
}
