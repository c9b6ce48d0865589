// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Templates

/// Builds a workspace from a template's archive and a set of parameters, and deletes it again.
///
/// One execution is one call. It may be called from any task; it holds a private directory and a guarded child process
/// while it runs, and neither after it returned or threw. A provisioner never writes to the database: the caller stores
/// the result, under its own fence.
package protocol Provisioner: Sendable {
    /// Reads and checks a template version: its manifest, its parameters, and a rehearsed plan of every preset.
    func importVersion(
        _ request: ImportRequest,
        reporter: any ExecutionReporter,
        control: ExecutionControl
    ) async throws(ProvisioningFailure) -> TemplateManifest

    /// Starts, stops or deletes a workspace.
    ///
    /// A failure carries the last known state. Store it in both cases; otherwise resources are forgotten.
    func build(
        _ request: BuildRequest,
        reporter: any ExecutionReporter,
        control: ExecutionControl
    ) async throws(ProvisioningFailure) -> BuildOutcome

    /// Merges two states of one workspace: adds to the first what only the other one, which arrived too late, contains.
    ///
    /// - Returns: The state to go on from, and the rest that could not be merged, which the workspace's deletion
    ///   destroys separately (``BuildRequest/lateStates``).
    func takingOver(_ late: [UInt8], into state: [UInt8]?) -> (state: [UInt8]?, rest: [UInt8]?)
}

extension Provisioner {
    /// The default: states whose form only their template knows are not merged.
    package func takingOver(_ late: [UInt8], into state: [UInt8]?) -> (state: [UInt8]?, rest: [UInt8]?) {
        (state, late)
    }
}
