// SPDX-License-Identifier: Apache-2.0

import Prebuilds
package import SystemPackage

/// Where and as what executions run on this machine; the same for all provisioners of a worker.
package struct ProvisioningHost: Sendable {
    /// Holds executions, the spool and the caches. Private to this user; several workers may share it.
    package var workDirectory: FilePath
    /// A binary that calls ``Guard/main(arguments:)`` when its first argument is `guard`: this program's own.
    package var guardExecutable: FilePath
    /// The worker's own environment, of which templates see ``TemplateEnvironment/inherited`` and
    /// `additionalVariables` alone.
    package var environment: [String: String]
    /// Further variables that templates may see: names, or prefixes that end with `*`.
    package var additionalVariables: [String]
    package var isolation: Isolation
    /// Kept open by guards, for whoever waits for the last of them; -1: nobody does.
    package var presence: Int32
    /// Whether there are rules for a time zone of this IANA name.
    package var timeZoneExists: @Sendable (String) -> Bool
    /// How much of what templates say and write is taken.
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
    /// What of the isolation is in force here.
    package var isolationState: IsolationState { IsolationState(isolation, workDirectory: workDirectory) }

    /// Where what a process template makes on this machine may stay for its next build.
    func place(of workspace: WorkspaceID) -> FilePath {
        workDirectory.appending("kept").appending(workspace.description)
    }

    /// What a child inherits, whatever it runs for.
    func baseEnvironment(_ directory: WorkDirectory) -> [String: String] {
        var variables = TemplateEnvironment.inherited(from: environment, additional: additionalVariables)
        variables["TMPDIR"] = directory.temporaryDirectory.string
        // The worker's holds credentials, and what others may not see cannot be read there anyway.
        if isolation.mode != .off, !additionalVariables.contains("HOME") { variables["HOME"] = directory.home.string }
        return variables
    }

    /// Runs `body` in a fresh work directory, which is gone afterwards.
    ///
    /// A failure carries the state that is on disk then, or the last whole one that was seen, should a kill have left half
    /// of one. A state that the execution changed also stays in the spool, until
    /// the caller says that the database has it: a worker killed in between forgets nothing.
    ///
    /// - Parameter workspace: Whose build it is: the directory has the path of all its executions.
    func withWorkDirectory<Value: Sendable>(
        _ execution: ExecutionName,
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
                // What was built, and cannot be told, is no success. The last good state is all that is known of it.
                if case .success = result { result = .failure(ProvisioningFailure(refusal)) }
            }
            // A kill in the middle of a rewrite leaves half a file behind.
            if case .failure = result { left = written ?? seen ?? directory.newestState } else { left = written }
            if let left, left != state {
                try await spool.save(SpooledState(execution, state: left))
            } else {
                await spool.discard(execution)
            }
        } catch {
            // The directory stays: it is all there is of the state, and the next recovery tries again.
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

    /// How long an execution waits for the one before it to leave their workspace's directory. The database let it go long
    /// before, so that it takes no time, unless the worker that ran it is frozen.
    private static let patience = Duration.seconds(5)

    private func workDirectory(
        of execution: ExecutionName,
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
        let deadline = ContinuousClock.now + Self.patience
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
    /// A file operation of the worker itself went wrong, which is not the template's fault, or a template has put there what is
    /// not taken.
    init(_ failure: FileFailure) {
        if let refusal = failure.refusal {
            self.init(refusal)
            return
        }
        self.init(.transient, "The worker \(failure.description). Check its disk and permissions.")
    }
}
