// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Time

/// Everything an execution needs to know of a workspace build.
package struct BuildContext: Hashable, Sendable {
    package let build: WorkspaceBuild
    package let file: StoredFile?
    /// The state of the newest build that has one, this one included; as it was stored.
    package let state: [UInt8]?
    /// States of executions of this workspace that came too late, in the order in which they came.
    package let lateStates: [LateState]
    /// Agents that a build of this version brings up.
    package let agents: [String]
    /// What executions before this one were about to replace when they were interrupted: this one's plan does not show it.
    package let replaced: [Replacement]
}

/// Everything an execution needs to know of the import of a template version.
package struct ImportContext: Hashable, Sendable {
    package let versionID: TemplateVersionID
    package let versionName: String
    package let templateName: String
    package let organization: String
    package let file: StoredFile?
    /// Whether the version becomes the active one when the import succeeds.
    package let activates: Bool
}

/// An uploaded archive: its bytes are read by ``Store/fileData(_:)``.
package struct StoredFile: Hashable, Sendable {
    package let id: FileID
    /// SHA-256 of the archive, in hexadecimal: the key of the worker's cache.
    package let hash: String
}

/// A state that was handed in after another execution had begun. It stays until a build has taken over, or a deletion has
/// destroyed, what it names.
package struct LateState: Hashable, Sendable {
    /// The execution that left it.
    package let execution: HeldJob
    /// When: the same execution may hand in another.
    package let receivedAt: Instant
    /// As it was stored.
    package let state: [UInt8]
}
