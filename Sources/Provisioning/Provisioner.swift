// SPDX-License-Identifier: Apache-2.0

/// What turns a template's archive and a set of parameters into a workspace, and back.
///
/// One execution is one call. It may be called from any task; it holds a private directory and a guarded child process
/// while it runs, and none of either after it returned or threw. Nothing here writes to a database: the caller stores
/// what comes back, under its own fence.
package protocol Provisioner: Sendable {
    /// Reads and checks a template version: its manifest, its parameters, and a rehearsed plan of every preset.
    func importVersion(
        _ request: ImportRequest,
        reporter: any ExecutionReporter,
        control: ExecutionControl
    ) async throws(ProvisioningFailure) -> ImportOutcome

    /// Starts, stops or deletes a workspace.
    ///
    /// A failure carries the last state known; store it either way, or what was created is forgotten.
    func build(
        _ request: BuildRequest,
        reporter: any ExecutionReporter,
        control: ExecutionControl
    ) async throws(ProvisioningFailure) -> BuildOutcome

    /// Adds to a state what another one of the same workspace, which came too late to be its own, names beside it.
    ///
    /// - Returns: the state to go on from, and what could not be added to it: that is for the workspace's deletion, which
    ///   destroys it for itself (``BuildRequest/lateStates``).
    func takingOver(_ late: [UInt8], into state: [UInt8]?) -> (state: [UInt8]?, rest: [UInt8]?)
}

extension Provisioner {
    /// Of states that only their template can read, none is added to another.
    package func takingOver(_ late: [UInt8], into state: [UInt8]?) -> (state: [UInt8]?, rest: [UInt8]?) {
        (state, late)
    }
}
