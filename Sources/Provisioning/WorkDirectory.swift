// SPDX-License-Identifier: Apache-2.0

import Glibc
import Prebuilds
import Synchronization
import SystemPackage

/// A fresh private directory of one execution: nobody else may read it, and it is removed at the end.
///
/// A build's has the same path in every execution of its workspace, on every worker with the same work directory, because
/// a template may put its path into what it builds (`path.cwd`, `abspath()`). Other executions have directories of their own
/// names.
///
/// While the execution or one of its guards lives, its lock file is locked, so that another process can tell a directory
/// in use from what a dead worker left.
final class WorkDirectory: Sendable {
    /// Holds the execution's files, and nothing else: a template may write anywhere in it.
    let path: FilePath
    /// Where the state is saved when the execution cannot hand it over.
    let spoolFile: FilePath
    /// Inherited by guards, which keep the lock beyond the worker's death.
    let lock: Int32
    private let handedOver = Mutex<[FilePath: TemplateUser.Identity]>([:])

    private let place: WorkPlace

    /// The template's files; children run here.
    var module: FilePath { path.appending("module") }
    /// The state as the child keeps it.
    var stateFile: FilePath { path.appending(Self.stateName) }
    /// Where Terraform leaves the state that it could not write there.
    var erroredStateFile: FilePath { module.appending("errored.tfstate") }
    /// The children's `HOME`, unless they are given the worker's.
    var home: FilePath { path.appending("home") }
    /// Leads to the children's `TMPDIR`.
    var temporary: ShortDirectory { ShortDirectory(link: path.appending("tmp")) }

    /// Where that is. A template may bend the link, so it is not asked again.
    var temporaryDirectory: FilePath { short.withLock { $0 } ?? FilePath(temporary.path) }

    static let stateName = "state.json"

    let bounds: ChildBounds
    private let newest = Mutex<[UInt8]?>(nil)
    /// Where ``temporary`` is, if it was made by this process.
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

    /// Makes the directory, with the state of the last build in it.
    ///
    /// - Parameters:
    ///   - workspace: Whose build it is; `nil`: a directory of the execution's own name is made.
    ///   - root: The worker's work directory.
    ///   - temporary: Where the children's `TMPDIR` is made.
    /// - Returns: `nil` when another execution of the workspace has its directory still. What a dead one has left there is
    ///   put into the spool, and is no obstacle.
    static func create(
        _ execution: ExecutionName,
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
        // It gets its name when it is locked: before that, another process could take it for a leftover.
        let unnamed = try place.makeUnnamed()
        guard let lock = try unnamed.tryLock(isNew: true) else {
            throw FileFailure("lock", unnamed.path.string, errno: EWOULDBLOCK)
        }
        let directory = WorkDirectory(place, spoolFile: spool.file(execution), lock: lock, bounds: bounds)
        guard rename(unnamed.path.string, place.path.string) == 0 else {
            let failure = FileFailure("rename", unnamed.path)
            FileTree.remove(unnamed.path)
            // Another execution was quicker.
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

    /// The newest whole state that its execution was seen to write, or to say; `nil` while that is the one it began with, and
    /// once nothing exists any more.
    var newestState: [UInt8]? { newest.withLock { $0 } }

    func note(newest state: [UInt8]?) {
        newest.withLock { $0 = state }
    }

    /// Whether the directory, one of those in this, has not been the user's before; from now on it is.
    func isFirstHandOver(of directory: FilePath, to identity: TemplateUser.Identity) -> Bool {
        handedOver.withLock { $0.updateValue(identity, forKey: directory) != identity }
    }

    /// The newest state on disk; `nil` when there is none.
    ///
    /// - Throws: also when what is there is no regular file, or larger than a state may be.
    func currentState() async throws(FileFailure) -> [UInt8]? {
        try await BlockingWork.run { () throws(FileFailure) in try self.readState(self.stateFile) }
    }

    /// The state on disk at an execution's end, if it is whole, or why what is there is not taken for one.
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

    /// A state in this directory; `nil` when there is none, or nothing in it. Blocks.
    func readState(_ file: FilePath) throws(FileFailure) -> [UInt8]? {
        let (limit, setting) = (bounds.stateBytes, ChildBounds.stateSetting)
        let state = try PrivateFiles.read(file, atMost: limit, setting: setting, below: place.path)
        return state?.isEmpty == true ? nil : state
    }

    /// Removes the directory and everything in it.
    func remove() async {
        await BlockingWork.run { () throws(Never) in self.removeNow() }
    }

    /// What cannot be removed now stays for the next ``StateSpool/recover(_:)``.
    func removeNow() {
        guard place.isHeld(by: lock) else { return }
        temporary.remove(short.withLock { $0 })
        place.remove()
    }
}
