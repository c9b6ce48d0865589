// SPDX-License-Identifier: Apache-2.0

import Domain
import Glibc
import SystemPackage

/// The place of a work directory: its names, its lock and its owner, but not its content.
///
/// A build's place is `workspaces/<workspace>`. The name of its lock file says which execution has it. The lock file
/// lies beside the files and not among them, because a template can write only there. The place changes hands by
/// `rename`, as a whole, so a process that finds the place also finds a lock in it.
///
/// Any other execution's place is `executions/<execution>.<unique>`, with the lock and the files in it.
struct WorkPlace: Sendable, Hashable {
    let path: FilePath
    /// The directory of the execution's files.
    let files: FilePath
    private let lockFile: FilePath
    private let isShared: Bool

    private static let unnamedPrefix = "new-"
    private static let filesName = "run"

    /// The subdirectories of a work directory that hold places.
    static func rooms(in root: FilePath) -> [FilePath] {
        [root.appending("executions"), root.appending("workspaces")]
    }

    init(_ execution: HeldJob, for workspace: WorkspaceID?, root: FilePath) {
        let rooms = Self.rooms(in: root)
        if let workspace {
            self.init(shared: rooms[1].appending("\(workspace)"), execution)
        } else {
            self.init(own: rooms[0].appending("\(execution).\(UInt64.random(in: 0...UInt64.max))"))
        }
    }

    private init(own path: FilePath) {
        self.path = path
        files = path
        lockFile = path.appending("lock")
        isShared = false
    }

    private init(shared path: FilePath, _ execution: HeldJob) {
        self.path = path
        files = path.appending(Self.filesName)
        lockFile = path.appending("\(execution)")
        isShared = true
    }

    /// The place at a path, and its execution; `nil` when it is gone or belongs to none. Blocks.
    static func found(at path: FilePath) throws(FileFailure) -> (place: WorkPlace, execution: HeldJob)? {
        guard let name = path.lastComponent?.string else { return nil }
        if let execution = HeldJob(directory: name) { return (WorkPlace(own: path), execution) }
        guard WorkspaceID(name) != nil,
            let execution = try PrivateFiles.names(in: path).lazy.compactMap({ HeldJob($0) }).first
        else { return nil }
        return (WorkPlace(shared: path, execution), execution)
    }

    var exists: Bool {
        var information = stat()
        return lstat(path.string, &information) == 0
    }

    /// Makes the future place under a temporary name that nobody takes for a leftover.
    func makeUnnamed() throws(FileFailure) -> WorkPlace {
        let room = path.removingLastComponent()
        let unnamed = room.appending("\(Self.unnamedPrefix)\(UInt64.random(in: 0...UInt64.max))")
        try PrivateFiles.makeDirectory(room)
        guard mkdir(unnamed.string, 0o700) == 0 else { throw FileFailure("create directory", unnamed) }
        guard isShared, let name = lockFile.lastComponent?.string, let execution = HeldJob(name) else {
            return WorkPlace(own: unnamed)
        }
        let place = WorkPlace(shared: unnamed, execution)
        try PrivateFiles.makeDirectory(place.files)
        return place
    }

    /// A descriptor that holds the lock; `nil` when another process holds it, or the place belongs to another execution
    /// by now.
    ///
    /// - Parameter isNew: Whether the place is being made. In an existing one no lock file is made, because another
    ///   execution may have taken the place meanwhile.
    func tryLock(isNew: Bool = false) throws(FileFailure) -> Int32? {
        let creation = isNew || !isShared ? O_CREAT : 0
        let flags = O_RDWR | creation | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
        var lock = open(lockFile.string, flags, 0o600)
        if lock < 0, !isShared, errno == ELOOP || errno == EISDIR || errno == ENXIO {
            // A template has put something else in its place, and so has given up its own directory, and no other.
            FileTree.remove(lockFile)
            lock = open(lockFile.string, flags, 0o600)
        }
        guard lock >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw FileFailure("open", lockFile)
        }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0, isLockFile(lock) else {
            close(lock)
            return nil
        }
        return lock
    }

    /// Whether the lock still belongs to the place. Then it stays so: only the lock's holder moves the place.
    func isHeld(by lock: Int32) -> Bool {
        !isShared || isLockFile(lock)
    }

    /// Whether the path still leads to this file: its owner may have removed it between opening and locking, and the
    /// next one may have made another.
    private func isLockFile(_ descriptor: Int32) -> Bool {
        var (opened, named) = (stat(), stat())
        return fstat(descriptor, &opened) == 0 && lstat(lockFile.string, &named) == 0
            && opened.st_ino == named.st_ino && opened.st_dev == named.st_dev
    }

    /// Removes it and everything in it. The caller holds the lock.
    ///
    /// It is renamed first, so that the next process that gets the name makes a new directory.
    func remove() {
        let unnamed = path.removingLastComponent()
            .appending("\(Self.unnamedPrefix)\(UInt64.random(in: 0...UInt64.max))")
        FileTree.remove(rename(path.string, unnamed.string) == 0 ? unnamed : path)
    }

    /// Removes what a worker was making or removing when it was killed, and what has no owner after a power loss.
    static func removeRests(in room: FilePath) throws(FileFailure) {
        for name in try PrivateFiles.names(in: room) {
            let path = room.appending(name)
            var isRest = name.hasPrefix(unnamedPrefix)
            if WorkspaceID(name) != nil { isRest = try found(at: path) == nil }
            if isRest, PrivateFiles.isAbandoned(path) { FileTree.remove(path) }
        }
    }
}
