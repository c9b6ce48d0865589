// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage

/// A lock on starting and stopping a cluster, held by one process at a time and released when the value ends.
///
/// The kernel releases it when its holder dies.
struct ClusterLock: ~Copyable {
    private let descriptor: FileDescriptor

    /// Waits for the lock, at most `limit`.
    static func acquire(
        _ path: FilePath,
        for account: ServerAccount,
        within limit: Duration
    ) async throws -> ClusterLock {
        let descriptor = try FileDescriptor.open(
            path,
            .readWrite,
            options: [.create, .closeOnExec, .noFollow],
            permissions: .ownerReadWrite
        )
        let lock = ClusterLock(descriptor: descriptor)
        if account.differsFromThisProcess { fchown(descriptor.rawValue, account.userID, account.groupID) }
        let deadline = ContinuousClock.now + limit
        while flock(descriptor.rawValue, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else { throw Errno(rawValue: errno) }
            guard ContinuousClock.now < deadline else {
                throw LocalPostgresError(
                    .busy,
                    "another process has held \(path) for more than \(limit)",
                    remedy: "Wait for it to finish starting or stopping the cluster, or end it."
                )
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        return lock
    }

    private init(descriptor: FileDescriptor) {
        self.descriptor = descriptor
    }

    deinit {
        // Closing the descriptor unlocks; there is nothing to do if it fails.
        try? descriptor.close()
    }
}
