// SPDX-License-Identifier: Apache-2.0

import Basics
package import Domain
import Glibc
package import SystemPackage

/// A state that outlived its execution. Hand it in under its fence, then discard it.
package struct SpooledState: Sendable, Hashable {
    package let execution: HeldJob
    package let state: [UInt8]

    package init(_ execution: HeldJob, state: [UInt8]) {
        self.execution = execution
        self.state = state
    }
}

/// The spool's directory could not be read or written.
package struct SpoolFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    init(_ failure: FileFailure) {
        let remedy = failure.refusal == nil ? "; check the worker's disk and the owner of its work directory" : ""
        description = failure.description + remedy
    }
}

/// The local spool of states that the database does not have yet: of workers that were killed, cut off, or out of time.
///
/// One file per execution, in plain text and readable by this user only: it is as secret as the work directory itself.
package struct StateSpool: Sendable {
    let directory: FilePath
    private static let asideSuffix = ".too-large"
    private let root: FilePath
    private let bounds: ChildBounds

    /// - Parameters:
    ///   - root: The work directory of the worker, as given to the provisioners.
    ///   - bounds: How large a state may be.
    package init(root: FilePath, bounds: ChildBounds = ChildBounds()) {
        directory = root.appending("spool")
        self.root = root
        self.bounds = bounds
    }

    /// Saves a state that could not be stored; it replaces an older one of the same execution.
    func save(_ spooled: SpooledState) async throws(FileFailure) {
        let file = self.file(spooled.execution)
        try await BlockingWork.run { [directory] () throws(FileFailure) in
            try PrivateFiles.makeDirectory(directory)
            try PrivateFiles.replace(file, spooled.state)
        }
    }

    /// All states that wait to be handed in: those of the spool, and those in directories of dead executions.
    ///
    /// Such a directory is removed once its state is in the spool. When its worker or guard still lives, it holds the
    /// lock, and the directory is not touched. Call this at start, and after the database was unreachable.
    ///
    /// - Parameter report: Called for a directory or file that cannot be read or removed; the others are processed
    ///   nevertheless.
    package func recover(_ report: @escaping @Sendable (SpoolFailure) -> Void) async throws(SpoolFailure)
        -> [SpooledState]
    {
        do throws(FileFailure) {
            return try await BlockingWork.run { () throws(FileFailure) in try collect(report) }
        } catch {
            throw SpoolFailure(error)
        }
    }

    /// Removes a state that the database has stored, unless its execution has written a newer one meanwhile.
    package func discard(_ stored: SpooledState) async {
        let file = self.file(stored.execution)
        await BlockingWork.run { () throws(Never) in
            if (try? read(file)) == stored.state { unlink(file.string) }
        }
    }

    /// Removes the state of an execution: the database has it, or reported that the fence no longer holds.
    ///
    /// Call it after the end of every execution was recorded. Otherwise the state is handed in again, and the fence
    /// refuses it.
    package func discard(of execution: HeldJob) async {
        let file = self.file(execution)
        await BlockingWork.run { () throws(Never) in _ = unlink(file.string) }
    }

    func file(_ execution: HeldJob) -> FilePath {
        directory.appending("\(execution.description).state")
    }

    private func collect(_ report: (SpoolFailure) -> Void) throws(FileFailure) -> [SpooledState] {
        for room in WorkPlace.rooms(in: root) {
            for name in try PrivateFiles.names(in: room) {
                do throws(FileFailure) { try takeOver(room.appending(name), report) } catch {
                    report(SpoolFailure(error))
                }
            }
            try WorkPlace.removeRests(in: room)
        }
        try PrivateFiles.removePartial(in: directory)
        var found: [SpooledState] = []
        for name in try PrivateFiles.names(in: directory) where name.hasSuffix(".state") {
            guard let execution = HeldJob(String(name.dropLast(".state".count))) else { continue }
            let read: [UInt8]?
            do throws(FileFailure) { read = try self.read(directory.appending(name)) } catch {
                // An invalid state stays invalid, so it is not tried again.
                if error.refusal != nil { setAside(directory.appending(name), of: execution.description) }
                report(SpoolFailure(error))
                continue
            }
            guard let state = read else { continue }
            // A kill in the middle of a write left half a state: the last checkpoint is better.
            guard JSONScan(state, depth: ChildBounds.depth).isWhole else {
                unlink(directory.appending(name).string)
                continue
            }
            found.append(SpooledState(execution, state: state))
        }
        return found
    }

    /// Moves the state of a dead execution into the spool, and removes its directory. Does nothing while the execution
    /// lives.
    ///
    /// - Parameter report: Called for what is found and not accepted.
    func takeOver(_ path: FilePath, _ report: (SpoolFailure) -> Void) throws(FileFailure) {
        guard let (place, execution) = try WorkPlace.found(at: path),
            let leftover = try WorkDirectory.takeOver(place, spoolFile: file(execution), bounds: bounds)
        else { return }
        var saved = false
        // Terraform's emergency state file is the newest.
        for file in [leftover.erroredStateFile, leftover.stateFile] where !saved {
            do throws(FileFailure) {
                guard let state = try leftover.readState(file) else { continue }
                saved = true
                // The state that a guard or the execution itself has saved is newer.
                if access(leftover.spoolFile.string, F_OK) == 0 { continue }
                try PrivateFiles.makeDirectory(directory)
                try PrivateFiles.replace(leftover.spoolFile, state)
            } catch {
                // A template has put an unacceptable file there. It must not block later executions.
                guard error.refusal != nil else { throw error }
                // Below the template's own directory, a path may lead anywhere.
                if file == leftover.stateFile { setAside(file, of: execution.description) }
                report(SpoolFailure(error))
            }
        }
        leftover.removeNow()
    }

    private func read(_ file: FilePath) throws(FileFailure) -> [UInt8]? {
        try PrivateFiles.read(file, atMost: bounds.stateBytes, setting: ChildBounds.stateSetting)
    }

    /// Keeps a file that is too large for a state, only the newest such file, so that an operator can inspect it;
    /// removes anything else. Blocks.
    func setAside(_ file: FilePath, of execution: String) {
        var information = stat()
        guard lstat(file.string, &information) == 0, information.st_mode & mode_t(S_IFMT) == mode_t(S_IFREG),
            let names = try? PrivateFiles.names(in: directory), (try? PrivateFiles.makeDirectory(directory)) != nil
        else { return FileTree.remove(file) }
        for name in names where name.hasSuffix(Self.asideSuffix) { FileTree.remove(directory.appending(name)) }
        if rename(file.string, directory.appending(execution + Self.asideSuffix).string) != 0 { FileTree.remove(file) }
    }

    /// How a guard saves the state of a child that it has ended. It is no error when there is none.
    static func save(stateFile: String, as spoolFile: String, bounds: ChildBounds = ChildBounds()) {
        guard !stateFile.isEmpty, !spoolFile.isEmpty else { return }
        let file = FilePath(stateFile)
        do {
            let read = try PrivateFiles.read(file, atMost: bounds.stateBytes, below: file.removingLastComponent())
            guard let state = read, !state.isEmpty else { return }
            let spool = FilePath(spoolFile)
            try PrivateFiles.makeDirectory(spool.removingLastComponent())
            try PrivateFiles.replace(spool, state)
        } catch {
            // No process receives the error. The state is still in the work directory, and the next start collects it.
            return
        }
    }
}

extension HeldJob {
    /// Reads the name of a work directory: the execution's, a dot, and what made it unique.
    init?(directory: String) {
        guard let dot = directory.lastIndex(of: ".") else { return nil }
        self.init(String(directory[..<dot]))
    }
}
