// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import Glibc
import Synchronization
import SystemPackage

/// The private directory of one execution, which is removed at the end.
///
/// The directory of a build has the same path in every execution of its workspace, on every worker with the same work
/// directory, because a template may put its path into what it builds (`path.cwd`, `abspath()`). Other executions have
/// directories with unique names.
///
/// The lock file is locked while the execution or one of its guards lives, so that another process can distinguish a
/// directory in use from one that a dead worker left.
final class WorkDirectory: Sendable {
    /// Holds the execution's files only: a template may write anywhere in it.
    let path: FilePath
    /// Where the state is saved when the execution cannot return it.
    let spoolFile: FilePath
    /// Inherited by guards, which keep the lock beyond the worker's death.
    let lock: Int32
    private let handedOver = Mutex<[FilePath: TemplateUser.Identity]>([:])

    private let place: WorkPlace

    /// The template's files; children run here.
    var module: FilePath { path.appending("module") }
    /// The state file of the child.
    var stateFile: FilePath { path.appending(Self.stateName) }
    /// Where Terraform writes a state that it could not write to the state file.
    var erroredStateFile: FilePath { module.appending("errored.tfstate") }
    /// The children's `HOME`, unless they get the worker's.
    var home: FilePath { path.appending("home") }
    /// A link to the children's `TMPDIR`.
    var temporary: ShortDirectory { ShortDirectory(link: path.appending("tmp")) }

    /// Its target. A template may change the link, so it is read once.
    var temporaryDirectory: FilePath { short.withLock { $0 } ?? FilePath(temporary.path) }

    static let stateName = "state.json"

    let bounds: ChildBounds
    private let newest = Mutex<[UInt8]?>(nil)
    /// The path of ``temporary``, if it was made by this process.
    private let short = Mutex<FilePath?>(nil)

    private init(_ place: WorkPlace, spoolFile: FilePath, lock: Int32, bounds: ChildBounds) {
        self.place = place
        path = place.files
        self.spoolFile = spoolFile
        self.lock = lock
        self.bounds = bounds
    }

    deinit {
        close(lock)
    }

    /// Makes the directory and writes the last build's state into it.
    ///
    /// - Parameters:
    ///   - workspace: The workspace of the build; `nil`: the directory gets a unique name.
    ///   - root: The worker's work directory.
    ///   - temporary: Where the children's `TMPDIR` is made.
    /// - Returns: `nil` when another execution of the workspace still has the directory. The state of a dead execution
    ///   in it is moved into the spool, and is no obstacle.
    static func create(
        _ execution: HeldJob,
        for workspace: WorkspaceID? = nil,
        root: FilePath,
        state: [UInt8]?,
        temporary: FilePath = "/tmp",
        bounds: ChildBounds = ChildBounds()
    ) throws(FileFailure) -> WorkDirectory? {
        let place = WorkPlace(execution, for: workspace, root: root)
        let spool = StateSpool(root: root, bounds: bounds)
        if workspace != nil, place.exists {
            try spool.takeOver(place.path) { _ in }
            guard !place.exists else { return nil }
        }
        // It gets its name after it was locked; otherwise another process could take it for a leftover.
        let unnamed = try place.makeUnnamed()
        guard let lock = try unnamed.tryLock(isNew: true) else {
            throw FileFailure("lock", unnamed.path.string, errno: EWOULDBLOCK)
        }
        let directory = WorkDirectory(place, spoolFile: spool.file(execution), lock: lock, bounds: bounds)
        guard rename(unnamed.path.string, place.path.string) == 0 else {
            let failure = FileFailure("rename", unnamed.path)
            FileTree.remove(unnamed.path)
            // Another execution was faster.
            guard workspace != nil, failure.errno == ENOTEMPTY || failure.errno == EEXIST else { throw failure }
            return nil
        }
        try PrivateFiles.makeDirectory(directory.home)
        let short = try directory.temporary.make(below: temporary)
        directory.short.withLock { $0 = short }
        if let state { try PrivateFiles.create(directory.stateFile, state) }
        return directory
    }

    /// The directory, locked; `nil` when another process holds it, or it has just been removed.
    static func takeOver(
        _ place: WorkPlace,
        spoolFile: FilePath,
        bounds: ChildBounds
    ) throws(FileFailure) -> WorkDirectory? {
        guard let lock = try place.tryLock() else { return nil }
        return WorkDirectory(place, spoolFile: spoolFile, lock: lock, bounds: bounds)
    }

    /// The newest complete state that the execution was seen to write or print; `nil` while that is the initial one,
    /// and once nothing exists any more.
    var newestState: [UInt8]? { newest.withLock { $0 } }

    func note(newest state: [UInt8]?) {
        newest.withLock { $0 = state }
    }

    /// Marks the directory, one of those in this one, as the user's. Returns whether it was not before.
    func isFirstHandOver(of directory: FilePath, to identity: TemplateUser.Identity) -> Bool {
        handedOver.withLock { $0.updateValue(identity, forKey: directory) != identity }
    }

    /// The newest state on disk; `nil` when there is none.
    ///
    /// - Throws: also when it is not a regular file, or is larger than a state may be.
    func currentState() async throws(FileFailure) -> [UInt8]? {
        try await BlockingWork.run { () throws(FileFailure) in try self.readState(self.stateFile) }
    }

    /// The state on disk at an execution's end, if it is complete, or the reason why it is not accepted.
    func lastState(_ format: StateFormat) async throws(FileFailure) -> (state: [UInt8]?, refusal: BoundExceeded?) {
        try await BlockingWork.run { () throws(FileFailure) in
            do throws(FileFailure) {
                let state = try self.readState(self.stateFile)
                return (state.flatMap { format.isWhole($0) ? $0 : nil }, nil)
            } catch {
                guard let refusal = error.refusal else { throw error }
                return (nil, refusal)
            }
        }
    }

    /// A state in this directory; `nil` when there is none, or it is empty. Blocks.
    func readState(_ file: FilePath) throws(FileFailure) -> [UInt8]? {
        let (limit, setting) = (bounds.stateBytes, ChildBounds.stateSetting)
        let state = try PrivateFiles.read(file, atMost: limit, setting: setting, below: place.path)
        return state?.isEmpty == true ? nil : state
    }

    /// Removes the directory and everything in it.
    func remove() async {
        await BlockingWork.run { () throws(Never) in self.removeNow() }
    }

    /// What cannot be removed now is left to the next ``StateSpool/recover(_:)``.
    func removeNow() {
        guard place.isHeld(by: lock) else { return }
        temporary.remove(short.withLock { $0 })
        place.remove()
    }
}
