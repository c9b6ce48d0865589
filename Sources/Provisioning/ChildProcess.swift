// SPDX-License-Identifier: Apache-2.0

import SystemPackage

/// A program that is run in a work directory, under a guard.
struct ChildCommand: Sendable {
    /// An absolute path.
    var executable: FilePath
    var arguments: [String]
    /// The whole environment.
    var environment: [String: String]
    /// Where it runs.
    var directory: FilePath
    /// What it reads from its standard input; empty: nothing.
    var input: [UInt8] = []
    var output: OutputHandling
    var errors: OutputHandling
    /// Whether its states are among its output; else it writes them into the work directory's state file.
    var statesInOutput = false
    /// Directories beyond its execution's that it may write to.
    var writes: [FilePath] = []
    /// Whether it is one of the system's own programs that prepares something for all workspaces, and runs no template's code.
    var prepares = false
    /// What it means if it prints more than is to be collected.
    var tooMuchOutput: ProvisioningFailure?
}

/// How a child ended.
struct ChildResult: Sendable {
    var status: ChildStatus
    /// Standard output, if it was to be collected.
    var output: [UInt8]
    var errors: [UInt8]
}

/// Runs children under guards. See ``Guard``.
struct ChildRunner: Sendable {
    /// The binary that becomes a guard when its first argument is `guard`.
    let guardExecutable: FilePath
    /// How much a child may say.
    var bounds = ChildBounds()
    let isolation: Isolation
    /// The worker's work directory.
    let root: FilePath
    /// Kept open by guards, for whoever waits for the last of them; -1: nobody does.
    var presence: Int32 = -1

    /// Runs the command to its end.
    ///
    /// The control's orders reach the child through its guard; limits of time and silence count from the execution's
    /// start and the child's last output. A cancelled task interrupts the execution as a drain does. When this returns
    /// or throws, neither the child nor anything that it started is running.
    ///
    /// - Returns: how the child ended by itself, whatever its status.
    /// - Throws: ``ProvisioningFailure``, without a state, when it was ended from outside, or could not be run.
    func run(
        _ command: ChildCommand,
        in directory: WorkDirectory,
        control: ExecutionControl
    ) async throws(ProvisioningFailure) -> ChildResult {
        try control.check()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let started = DedicatedThread.start("child") {
                    continuation.resume(returning: watch(command, in: directory, control: control))
                }
                if !started {
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
    /// - Throws: when the execution has been asked to end, or has taken too long already.
    func check() throws(ProvisioningFailure) {
        if ContinuousClock.now >= started + limits.wallClock { interrupt(.timeout) }
        if let interruption { throw ProvisioningFailure(interruption, limits: limits) }
    }
}

extension ProvisioningFailure {
    /// What an interrupted execution ends with.
    init(_ interruption: Interruption, limits: ExecutionLimits) {
        switch interruption {
        case .canceled: self.init(.canceled, "The job was canceled.")
        case .drain: self.init(.interrupted, "The worker is draining; another worker goes on from the saved state.")
        case .leaseEnding:
            self.init(.interrupted, "The worker lost contact with the database; the job goes on elsewhere.")
        case .timeout:
            self.init(.timedOut, "It ran for longer than \(limits.wallClock), the limit for its kind of job.")
        case .noOutput: self.init(.timedOut, "It printed nothing for \(limits.noOutput), so it was ended.")
        case .outOfBounds(let bound): self.init(.invalid, bound)
        }
    }

    static func notStarted(_ executable: FilePath, _ reason: String) -> Self {
        Self(.failed, "\(executable.string) could not be started: \(reason).")
    }
}
