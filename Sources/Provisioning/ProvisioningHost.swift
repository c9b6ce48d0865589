// SPDX-License-Identifier: Apache-2.0

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
    /// Whether there are rules for a time zone of this IANA name.
    package var timeZoneExists: @Sendable (String) -> Bool

    package init(
        workDirectory: FilePath,
        guardExecutable: FilePath,
        environment: [String: String],
        additionalVariables: [String] = [],
        timeZoneExists: @escaping @Sendable (String) -> Bool
    ) {
        self.workDirectory = workDirectory
        self.guardExecutable = guardExecutable
        self.environment = environment
        self.additionalVariables = additionalVariables
        self.timeZoneExists = timeZoneExists
    }

    var runner: ChildRunner { ChildRunner(guardExecutable: guardExecutable) }
    var spool: StateSpool { StateSpool(root: workDirectory) }
    var cache: FilePath { workDirectory.appending("cache") }

    /// What a child inherits, whatever it runs for.
    func baseEnvironment(_ directory: WorkDirectory) -> [String: String] {
        var variables = TemplateEnvironment.inherited(from: environment, additional: additionalVariables)
        variables["TMPDIR"] = directory.temporary.path
        return variables
    }

    /// Runs `body` in a fresh work directory, which is gone afterwards.
    ///
    /// A failure carries the state that is on disk then, or the last whole one that was seen, should a kill have left half
    /// of one. A state that the execution changed also stays in the spool, until
    /// the caller says that the database has it: a worker killed in between forgets nothing.
    func withWorkDirectory<Value: Sendable>(
        _ execution: ExecutionName,
        state: [UInt8]? = nil,
        control: ExecutionControl,
        format: StateFormat = .opaque,
        _ body: (WorkDirectory) async throws(ProvisioningFailure) -> Value
    ) async throws(ProvisioningFailure) -> Value {
        let directory: WorkDirectory
        do throws(FileFailure) {
            directory = try await BlockingWork.run { [workDirectory, environment] () throws(FileFailure) in
                let temporary = FilePath(environment["TMPDIR"] ?? "/tmp")
                return try WorkDirectory.create(execution, root: workDirectory, state: state, temporary: temporary)
            }
        } catch {
            throw ProvisioningFailure(.transient, "No work directory could be made: \(error).", state: state)
        }
        let result: Result<Value, ProvisioningFailure>
        var seen: [UInt8]?
        do throws(ProvisioningFailure) {
            result = .success(try await body(directory))
        } catch {
            result = .failure(error)
            seen = error.state
        }
        let left: [UInt8]?
        do throws(FileFailure) {
            let written = try await directory.currentState()
            left = written.map(format.isWhole) == true ? written : seen
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
}

extension ProvisioningFailure {
    /// A file operation of the worker itself went wrong: not the template's fault.
    init(_ failure: FileFailure) {
        self.init(.transient, "The worker \(failure.description). Check its disk and permissions.")
    }
}
