// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage

/// The user that the server runs as. Postgres refuses to run as root.
package struct ServerAccount: Hashable, Sendable {
    package let name: String
    package let userID: UInt32
    package let groupID: UInt32

    /// The account for this process: its own user, or an unprivileged one when it is root's.
    ///
    /// Root uses `postgres` when there is such a user, else `nobody`.
    package static func forThisProcess() throws -> ServerAccount {
        let user = geteuid()
        if user != 0 { return ServerAccount(name: "uid \(user)", userID: user, groupID: getegid()) }
        for name in ["postgres", "nobody"] {
            if let account = lookUp(name), account.userID != 0 { return account }
        }
        throw LocalPostgresError(
            .noUnprivilegedUser,
            "Postgres refuses to run as root, and there is neither a user `postgres` nor a user `nobody`",
            remedy: "Add one (`useradd --system postgres`), or run stoker as an unprivileged user."
        )
    }

    /// Whether becoming this account takes a change of user.
    var differsFromThisProcess: Bool { userID != geteuid() }

    static func lookUp(_ name: String) -> ServerAccount? {
        var entry = passwd()
        var result: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16 * 1024)
        guard getpwnam_r(name, &entry, &buffer, buffer.count, &result) == 0, result != nil else { return nil }
        return ServerAccount(name: name, userID: entry.pw_uid, groupID: entry.pw_gid)
    }

    /// The first directory of the path, the path included, that this account cannot pass through; nil when it can reach
    /// the path.
    func firstUntraversable(_ path: FilePath) throws(Errno) -> FilePath? {
        var current = FilePath(root: path.root)
        var ancestors = [current]
        for component in path.components {
            current.append(component)
            ancestors.append(current)
        }
        for ancestor in ancestors {
            let status = try FileStatus(of: ancestor)
            if !status.isTraversable(by: self) { return ancestor }
        }
        return nil
    }
}

/// The result of `stat`, as far as it is used here.
struct FileStatus {
    let mode: UInt32
    let userID: UInt32
    let groupID: UInt32

    /// - Parameter followingLinks: False to look at a symbolic link itself.
    init(of path: FilePath, followingLinks: Bool = true) throws(Errno) {
        var status = stat()
        let answer = followingLinks ? stat(path.string, &status) : lstat(path.string, &status)
        guard answer == 0 else { throw Errno(rawValue: errno) }
        mode = status.st_mode
        userID = status.st_uid
        groupID = status.st_gid
    }

    var isDirectory: Bool { mode & S_IFMT == S_IFDIR }

    var permissions: UInt32 { mode & 0o7777 }

    func isTraversable(by account: ServerAccount) -> Bool {
        if userID == account.userID { return mode & S_IXUSR != 0 }
        if groupID == account.groupID { return mode & S_IXGRP != 0 }
        return mode & S_IXOTH != 0
    }
}
