// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage

/// A fresh private directory of one execution: nobody else may read it, and it is removed at the end.
///
/// While the execution or one of its guards lives, the file `lock` in it is locked, so that another process can tell a
/// directory in use from what a dead worker left.
final class WorkDirectory: Sendable {
    let path: FilePath
    /// Where the state is saved when the execution cannot hand it over.
    let spoolFile: FilePath
    /// Inherited by guards, which keep the lock beyond the worker's death.
    let lock: Int32

    /// The template's files; children run here.
    var module: FilePath { path.appending("module") }
    /// The state as the child keeps it.
    var stateFile: FilePath { path.appending(Self.stateName) }
    /// Where Terraform leaves the state that it could not write there.
    var erroredStateFile: FilePath { module.appending("errored.tfstate") }
    /// Leads to the children's `TMPDIR`.
    var temporary: ShortDirectory { ShortDirectory(link: path.appending("tmp")) }

    static let stateName = "state.json"
    private static let unnamedPrefix = "new-"

    private init(path: FilePath, spoolFile: FilePath, lock: Int32) {
        self.path = path
        self.spoolFile = spoolFile
        self.lock = lock
    }

    deinit {
        close(lock)
    }

    /// Makes the directory, with the state of the last build in it.
    ///
    /// - Parameters:
    ///   - root: The worker's work directory.
    ///   - temporary: Where the children's `TMPDIR` is made.
    static func create(
        _ execution: ExecutionName,
        root: FilePath,
        state: [UInt8]?,
        temporary: FilePath = "/tmp"
    ) throws(FileFailure) -> WorkDirectory {
        let executions = root.appending("executions")
        let unique = UInt64.random(in: 0...UInt64.max)
        let path = executions.appending("\(execution).\(unique)")
        // It gets its name when it is locked: before that, another process could take it for a leftover.
        let unnamed = executions.appending("\(unnamedPrefix)\(unique)")
        try PrivateFiles.makeDirectory(executions)
        guard mkdir(unnamed.string, 0o700) == 0 else { throw FileFailure("create directory", unnamed) }
        guard let lock = try lock(unnamed) else { throw FileFailure("lock", unnamed.string, errno: EWOULDBLOCK) }
        let directory = WorkDirectory(path: path, spoolFile: StateSpool(root: root).file(execution), lock: lock)
        guard rename(unnamed.string, path.string) == 0 else { throw FileFailure("rename", unnamed) }
        try directory.temporary.make(below: temporary)
        if let state { try PrivateFiles.create(directory.stateFile, state) }
        return directory
    }

    /// The directory, locked; `nil` when another process holds it, or it has just been removed.
    static func takeOver(_ path: FilePath, spoolFile: FilePath) throws(FileFailure) -> WorkDirectory? {
        guard let lock = try lock(path) else { return nil }
        return WorkDirectory(path: path, spoolFile: spoolFile, lock: lock)
    }

    /// Removes what a worker had begun to make when it was killed, before anything was in it.
    static func removeUnnamed(in executions: FilePath) throws(FileFailure) {
        for name in try PrivateFiles.names(in: executions) where name.hasPrefix(unnamedPrefix) {
            let path = executions.appending(name)
            if PrivateFiles.isAbandoned(path) { FileTree.remove(path) }
        }
    }

    private static func lock(_ path: FilePath) throws(FileFailure) -> Int32? {
        let file = path.appending("lock")
        let lock = open(file.string, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard lock >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw FileFailure("open", file)
        }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            return nil
        }
        return lock
    }

    /// The newest state on disk; `nil` when there is none.
    func currentState() async throws(FileFailure) -> [UInt8]? {
        try await BlockingWork.run { [stateFile] () throws(FileFailure) in
            let state = try PrivateFiles.read(stateFile)
            return state?.isEmpty == true ? nil : state
        }
    }

    /// Removes the directory and everything in it.
    func remove() async {
        await BlockingWork.run { () throws(Never) in self.removeNow() }
    }

    /// What cannot be removed now stays for the next ``StateSpool/recover(_:)``.
    func removeNow() {
        temporary.remove()
        FileTree.remove(path)
    }
}
