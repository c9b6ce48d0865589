// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Time

/// The input of an execution of a workspace build.
package struct BuildContext: Hashable, Sendable {
    package let build: WorkspaceBuild
    package let file: StoredFile?
    /// The state of the newest build that has one, including this one, as it was stored.
    package let state: [UInt8]?
    /// Late states of this workspace, in the order of their arrival.
    package let lateStates: [LateState]
    /// The agents that a build of this version brings up.
    package let agents: [String]
    /// Replacements that earlier, interrupted executions had planned: the plan of this one does not show them.
    package let replaced: [Replacement]
    /// The values of the workspace's earlier sensitive outputs, as they were stored.
    package let sealedOutputs: [[UInt8]]
    /// The transition of the build that the success of this one orders.
    package let next: Transition?
    /// Whether the build is only planned, and nothing of it may remain.
    package let isRehearsal: Bool
    /// Whether no build of the version has rehearsed a claim, and this one may.
    package let lacksRehearsal: Bool
}

/// The input of an execution of an import.
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

/// A state that was handed in after another execution had begun. It stays until a build has merged it, or a deletion
/// has destroyed its resources.
package struct LateState: Hashable, Sendable {
    /// The execution that wrote it.
    package let execution: HeldJob
    /// When it arrived: the same execution may hand in another one.
    package let receivedAt: Instant
    /// The state as it was stored.
    package let state: [UInt8]
}
