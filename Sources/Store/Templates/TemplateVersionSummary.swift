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

    private enum CodingKeys: String, CodingKey {
        case id, name, message, status, error, presets, workspaces
        case isActive = "active"
        case createdAt = "created_at"
    }
}
