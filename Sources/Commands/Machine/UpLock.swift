// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage

/// The lock of a data directory for one `stoker up`; released when the value, or its process, ends.
struct UpLock: ~Copyable {
    private let file: FileDescriptor

    /// Throws ``CommandError`` when another process holds it, or the directory cannot be written.
    static func take(_ directory: DataDirectory) throws -> UpLock {
        let lock: UpLock
        do {
            let options: FileDescriptor.OpenOptions = [.create, .closeOnExec, .noFollow]
            lock = UpLock(file: try .open(directory.lock, .readWrite, options: options, permissions: .ownerReadWrite))
        } catch {
            throw CommandError(
                "the data directory '\(directory.path)' cannot be written to (\(error))",
                remedy: "Choose one that you can write to: --data-directory DIR, or STOKER_DATA_DIRECTORY."
            )
        }
        guard flock(lock.file.rawValue, LOCK_EX | LOCK_NB) == 0 else {
            let other = UpRecord.read(directory).map { " (pid \($0.pid), http://\($0.httpAddress))" } ?? ""
            throw CommandError(
                "'stoker up' runs already on \(directory.path)\(other)",
                remedy: "Use it, stop it, or choose another directory with --data-directory."
            )
        }
        return lock
    }

    private init(file: FileDescriptor) {
        self.file = file
    }

    deinit {
        // Closing the descriptor unlocks; there is nothing to do if it fails.
        try? file.close()
    }
}
