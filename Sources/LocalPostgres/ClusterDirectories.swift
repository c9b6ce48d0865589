// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import SystemPackage

/// Makes the directories of a cluster, private to the account that the server runs as.
struct ClusterDirectories: Sendable {
    let layout: ClusterLayout
    let account: ServerAccount

    /// Makes the data directory and finds out who owns the cluster in it.
    ///
    /// A cluster that exists keeps its owner when this process is root; everyone else can only use their own.
    init(dataDirectory: FilePath, temporaryDirectory: FilePath) throws {
        try Self.makeAncestors(dataDirectory)
        guard let resolved = Self.realPath(dataDirectory) else {
            throw Self.unusable(dataDirectory, Errno(rawValue: errno))
        }
        var account = try ServerAccount.forThisProcess()
        if geteuid() == 0, let status = try? FileStatus(of: resolved.appending("postgres/data")), status.userID != 0 {
            account = ServerAccount(name: "uid \(status.userID)", userID: status.userID, groupID: status.groupID)
        }
        self.account = account
        layout = ClusterLayout(
            dataDirectory: resolved,
            temporaryDirectory: temporaryDirectory,
            userID: account.userID
        )
    }

    /// Makes what is missing, and checks that the account can use it.
    func prepare() throws {
        for directory in [layout.root, layout.logs, layout.socketDirectory] { try makePrivate(directory) }
        let unreachable: FilePath?
        do {
            unreachable = try account.firstUntraversable(layout.root)
        } catch {
            throw Self.unusable(layout.root, error)
        }
        if let unreachable {
            throw LocalPostgresError(
                .directoryUnusable,
                "the user the server runs as (\(account.name)) cannot pass through \(unreachable) to \(layout.root)",
                remedy: "Let it (`chmod a+x \(unreachable)`), or choose another data directory."
            )
        }
    }

    /// Gives a file that this process made to the server's account.
    func handOver(_ path: FilePath) throws {
        guard account.differsFromThisProcess else { return }
        guard lchown(path.string, account.userID, account.groupID) == 0 else {
            throw Self.unusable(path, Errno(rawValue: errno))
        }
    }

    /// The path without symbolic links; nil, and errno, when there is no such file.
    static func realPath(_ path: FilePath) -> FilePath? {
        guard let resolved = realpath(path.string, nil) else { return nil }
        defer { free(resolved) }
        return FilePath(platformString: resolved)
    }

    static func unusable(_ path: FilePath, _ error: some Error) -> LocalPostgresError {
        LocalPostgresError(
            .directoryUnusable,
            "\(path) cannot be used: \(error)",
            remedy: "Make it a directory that this user can write to, or choose another data directory."
        )
    }

    private static func makeAncestors(_ path: FilePath) throws {
        do {
            try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: true)
        } catch {
            throw unusable(path, Errno(rawValue: errno))
        }
    }

    /// A directory of the account with mode 0700. An existing one must have this owner and mode: a directory that
    /// someone else made under this name is not trusted with the socket.
    private func makePrivate(_ path: FilePath) throws {
        guard mkdir(path.string, 0o700) == 0 || errno == EEXIST else {
            throw Self.unusable(path, Errno(rawValue: errno))
        }
        var status: FileStatus
        do {
            status = try FileStatus(of: path, followingLinks: false)
            // It exists: made by this process just now, or by another one at the same step.
            if status.isDirectory, status.userID == geteuid(), account.differsFromThisProcess {
                try handOver(path)
                status = try FileStatus(of: path, followingLinks: false)
            }
        } catch let error as Errno {
            throw Self.unusable(path, error)
        }
        guard status.isDirectory, status.userID == account.userID else {
            throw LocalPostgresError(
                .directoryUnusable,
                "\(path) is not a directory of the user the server runs as (\(account.name))"
                    + (status.isDirectory ? " but of uid \(status.userID)" : ""),
                remedy: "Run stoker as that user or as root, or choose another data directory."
            )
        }
        guard status.permissions == 0o700 || chmod(path.string, 0o700) == 0 else {
            throw Self.unusable(path, Errno(rawValue: errno))
        }
    }
}
