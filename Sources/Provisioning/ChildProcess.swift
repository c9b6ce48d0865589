// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import SystemPackage

/// A command that runs in a work directory, under a guard.
struct ChildCommand: Sendable {
    /// An absolute path.
    var executable: FilePath
    var arguments: [String]
    /// The whole environment.
    var environment: [String: String]
    /// The working directory.
    var directory: FilePath
    /// The content of its standard input; may be empty.
    var input: [UInt8] = []
    var output: OutputHandling
    var errors: OutputHandling
    /// Whether it prints its states; otherwise it writes them into the work directory's state file.
    var statesInOutput = false
    /// Further directories that it may write to.
    var writes: [FilePath] = []
    /// Whether it is a trusted program that prepares files for all workspaces, and runs no template's code.
    var prepares = false
    /// The error when it prints more than may be collected.
    var tooMuchOutput: ProvisioningFailure?
}

/// The end of a child.
struct ChildResult: Sendable {
    var status: ChildStatus
    /// Standard output, if it is collected.
    var output: [UInt8]
    var errors: [UInt8]
}

/// Runs children under guards. See ``Guard``.
struct ChildRunner: Sendable {
    /// The binary that becomes a guard when its first argument is `guard`.
    let guardExecutable: FilePath
    /// The bounds of its output.
    var bounds = ChildBounds()
    let isolation: Isolation
    /// The worker's work directory.
    let root: FilePath
    /// Guards keep it open for the process that waits for the last of them; -1: no process waits.
    var presence: Int32 = -1

    /// Runs the command to its end.
    ///
    /// The guard passes the control's requests on to the child. The time limit counts from the execution's start, the
    /// no-output limit from the child's last output. A cancelled task interrupts the execution as a drain does. When
    /// this returns or throws, neither the child nor a process that it started is running.
    ///
    /// - Returns: The end of the child, whatever its status.
    /// - Throws: ``ProvisioningFailure``, without a state, when the child was ended from outside, or could not be run.
    func run(
        _ command: ChildCommand,
        in directory: WorkDirectory,
        control: ExecutionControl
    ) async throws(ProvisioningFailure) -> ChildResult {
        try control.check()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                do throws(SystemError) {
                    try DedicatedThread.start("child") {
                        continuation.resume(returning: watch(command, in: directory, control: control))
                    }
                } catch {
                    continuation.resume(returning: .failure(.notStarted(command.executable, "no thread is left")))
                }
            }
        } onCancel: {
            control.interrupt(.drain)
        }
        let ended = try result.get()
        try control.checkBounds()
        return ended
    }

    private func watch(
        _ command: ChildCommand,
        in directory: WorkDirectory,
        control: ExecutionControl
    ) -> Result<ChildResult, ProvisioningFailure> {
        do throws(ProvisioningFailure) {
            var watch = try ChildWatch(command, self, in: directory, control: control)
            return .success(try watch.untilEnd())
        } catch {
            return .failure(error)
        }
    }
}

extension ExecutionControl {
    /// - Throws: when the execution shall end, or has exceeded its time limit.
    func check() throws(ProvisioningFailure) {
        if ContinuousClock.now >= started + limits.wallClock { interrupt(.timeout) }
        if let interruption { throw ProvisioningFailure(interruption, limits: limits) }
    }
}

extension ProvisioningFailure {
    /// The error of an interrupted execution.
    init(_ interruption: Interruption, limits: ExecutionLimits) {
        switch interruption {
        case .canceled: self.init(.canceled, "The job was canceled.")
        case .drain: self.init(.interrupted, "The worker is draining; another worker goes on from the saved state.")
        case .leaseEnding:
            self.init(.interrupted, "The worker lost contact with the database; the job goes on elsewhere.")
        case .timeout:
            self.init(.timedOut, "It ran for longer than \(limits.wallClock), the limit for its kind of job.")
        case .noOutput: self.init(.timedOut, "It printed nothing for \(limits.noOutput), so it was ended.")
        case .outOfBounds(let bound):
            self.init(.invalid, bound)
            exceedsBound = true
        }
    }

    static func notStarted(_ executable: FilePath, _ reason: String) -> Self {
        Self(.failed, "\(executable.string) could not be started: \(reason).")
    }
}
