// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
package import SystemPackage

/// The environment of executions on this machine; the same for all provisioners of a worker.
package struct ProvisioningHost: Sendable {
    /// Holds executions, the spool and the caches. Private to this user; several workers may share it.
    package var workDirectory: FilePath
    /// A binary that calls ``Guard/main(arguments:)`` when its first argument is `guard`: this program's own.
    package var guardExecutable: FilePath
    /// The worker's own environment. Templates see only its ``TemplateEnvironment/inherited`` and
    /// `additionalVariables`.
    package var environment: [String: String]
    /// Further variables that templates may see: names, or prefixes that end with `*`.
    package var additionalVariables: [String]
    package var isolation: Isolation
    /// Guards keep it open for the process that waits for the last of them; -1: no process waits.
    package var presence: Int32
    /// Whether there are rules for a time zone of this IANA name.
    package var timeZoneExists: @Sendable (String) -> Bool
    /// The bounds of what templates print and write.
    package var bounds = ChildBounds()

    package init(
        workDirectory: FilePath,
        guardExecutable: FilePath,
        environment: [String: String],
        additionalVariables: [String] = [],
        isolation: Isolation = Isolation(),
        presence: Int32 = -1,
        timeZoneExists: @escaping @Sendable (String) -> Bool
    ) {
        self.workDirectory = workDirectory
        self.guardExecutable = guardExecutable
        self.environment = environment
        self.additionalVariables = additionalVariables
        self.isolation = isolation
        self.presence = presence
        self.timeZoneExists = timeZoneExists
    }

    var runner: ChildRunner {
        ChildRunner(
            guardExecutable: guardExecutable,
            bounds: bounds,
            isolation: isolation,
            root: workDirectory,
            presence: presence
        )
    }
    var spool: StateSpool { StateSpool(root: workDirectory, bounds: bounds) }
    var cache: FilePath { workDirectory.appending("cache") }
    /// The parts of the isolation that are in force here.
    package var isolationState: IsolationState { IsolationState(isolation, workDirectory: workDirectory) }

    /// Where process templates may keep files on this machine for later builds of the workspace.
    func place(of workspace: WorkspaceID) -> FilePath {
        workDirectory.appending("kept").appending(workspace.description)
    }

    /// The environment that every child inherits.
    func baseEnvironment(_ directory: WorkDirectory) -> [String: String] {
        var variables = TemplateEnvironment.inherited(from: environment, additional: additionalVariables)
        variables["TMPDIR"] = directory.temporaryDirectory.string
        // The worker's own home holds credentials, and is unreadable for templates anyway.
        if isolation.mode != .off, !additionalVariables.contains("HOME") { variables["HOME"] = directory.home.string }
        return variables
    }

    /// Runs `body` in a fresh work directory, which is removed afterwards.
    ///
    /// A failure carries the state on disk at its end, or the last complete one, when a kill left half of one. A state
    /// that the execution changed also stays in the spool until the caller reports that the database has it: so a
    /// worker that is killed in between forgets nothing.
    /// - Parameter workspace: The workspace of the build; its executions all have the same path.
    func withWorkDirectory<Value: Sendable>(
        _ execution: HeldJob,
        for workspace: WorkspaceID? = nil,
        state: [UInt8]? = nil,
        control: ExecutionControl,
        log: ExecutionLog? = nil,
        format: StateFormat = .opaque,
        _ body: (WorkDirectory) async throws(ProvisioningFailure) -> Value
    ) async throws(ProvisioningFailure) -> Value {
        let directory = try await workDirectory(of: execution, for: workspace, state: state, control: control, log: log)
        var result: Result<Value, ProvisioningFailure>
        var seen: [UInt8]?
        do throws(ProvisioningFailure) {
            result = .success(try await body(directory))
        } catch {
            result = .failure(error)
            seen = error.state
        }
        let left: [UInt8]?
        do throws(FileFailure) {
            let (written, refusal) = try await directory.lastState(format)
            if let refusal {
                await BlockingWork.run { [spool] () throws(Never) in
                    spool.setAside(directory.stateFile, of: execution.description)
                }
                // A build whose result cannot be stored has failed. Its last valid state is all that is known of it.
                if case .success = result { result = .failure(ProvisioningFailure(refusal)) }
            }
            // A kill in the middle of a rewrite leaves half a file behind.
            if case .failure = result { left = written ?? seen ?? directory.newestState } else { left = written }
            if let left, left != state {
                try await spool.save(SpooledState(execution, state: left))
            } else {
                await spool.discard(of: execution)
            }
        } catch {
            // The directory stays, because it holds the only copy of the state; the next recovery tries again.
            throw ProvisioningFailure(error)
        }
        await directory.remove()
        do throws(ProvisioningFailure) {
            return try result.get()
        } catch {
            var failure = error
            failure.state = left ?? state
            throw failure
        }
    }

    /// How long an execution waits until the one before it has left their workspace's directory. The database released
    /// the workspace long before, so this takes no time unless the earlier worker is frozen.
    private static let directoryWait = Duration.seconds(5)

    private func workDirectory(
        of execution: HeldJob,
        for workspace: WorkspaceID?,
        state: [UInt8]?,
        control: ExecutionControl,
        log: ExecutionLog?
    ) async throws(ProvisioningFailure) -> WorkDirectory {
        let make = { (workspace: WorkspaceID?) async throws(ProvisioningFailure) -> WorkDirectory? in
            do throws(FileFailure) {
                return try await BlockingWork.run { [workDirectory, environment, bounds] () throws(FileFailure) in
                    try WorkDirectory.create(
                        execution,
                        for: workspace,
                        root: workDirectory,
                        state: state,
                        temporary: FilePath(environment["TMPDIR"] ?? "/tmp"),
                        bounds: bounds
                    )
                }
            } catch {
                throw ProvisioningFailure(.transient, "No work directory could be made: \(error).", state: state)
            }
        }
        let deadline = ContinuousClock.now + Self.directoryWait
        while ContinuousClock.now < deadline {
            if let directory = try await make(workspace) { return directory }
            try await control.sleep(for: .milliseconds(50))
        }
        log?.log(
            .warn,
            "",
            "Another process of this machine still holds the workspace's directory; is a worker frozen? This build runs in "
                + "one of its own, where path.cwd and abspath() are different."
        )
        guard let directory = try await make(nil) else {
            throw ProvisioningFailure(.transient, "No work directory could be made.", state: state)
        }
        return directory
    }
}

extension ProvisioningFailure {
    /// A failed file operation of the worker itself, which is not the template's fault; or a file of a template that is
    /// not accepted.
    init(_ failure: FileFailure) {
        if let refusal = failure.refusal {
            self.init(refusal)
            return
        }
        self.init(.transient, "The worker \(failure.description). Check its disk and permissions.")
    }
}
