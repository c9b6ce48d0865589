// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import SystemPackage
import Templates

/// Whole directories: written from an archive, cloned, removed. All calls block.
enum FileTree {
    /// Writes an archive's entries below `root`, which must be new. ``TarArchive`` has checked their paths; this
    /// function nevertheless never writes through a link or over a file.
    static func write(_ entries: [ArchiveEntry], below root: FilePath) throws(FileFailure) {
        try PrivateFiles.makeDirectory(root)
        for entry in entries {
            let path = root.appending(entry.path)
            switch entry.kind {
            case .directory:
                try PrivateFiles.makeDirectory(path)
            case .file(let bytes):
                try PrivateFiles.makeDirectory(path.removingLastComponent())
                try PrivateFiles.create(path, bytes, mode: entry.isExecutable ? 0o700 : 0o600)
            case .symbolicLink(let target):
                try PrivateFiles.makeDirectory(path.removingLastComponent())
                guard symlink(target, path.string) == 0 else { throw FileFailure("create link", path) }
            }
        }
    }

    /// Copies a directory. The copy shares no files with the source, so writing to it cannot change the source.
    ///
    /// - Throws: also for what is neither file, directory nor link, and for a tree of more entries or depth than
    ///   ``ChildBounds`` gives.
    static func clone(_ source: FilePath, to target: FilePath) throws(FileFailure) {
        // A work list instead of recursion: the tree may be of any depth.
        var left = [(from: source, to: target, depth: 0)]
        var entries = 0
        while let (source, target, depth) = left.popLast() {
            try PrivateFiles.makeDirectory(target)
            let names = try PrivateFiles.names(in: source)
            entries += names.count
            guard depth <= ChildBounds.treeDepth else {
                throw FileFailure(source, "is a directory below \(ChildBounds.treeDepth) others; no more are taken.")
            }
            guard entries <= ChildBounds.treeEntries else {
                throw FileFailure(
                    source,
                    "is in a tree of more than \(ChildBounds.treeEntries) files; no more are taken."
                )
            }
            for name in names {
                let from = source.appending(name)
                let to = target.appending(name)
                var information = stat()
                guard lstat(from.string, &information) == 0 else { throw FileFailure("examine", from) }
                switch information.st_mode & mode_t(S_IFMT) {
                case mode_t(S_IFDIR): left.append((from, to, depth + 1))
                case mode_t(S_IFLNK): try copyLink(from, to: to)
                case mode_t(S_IFREG): try copyFile(from, to: to, information)
                default: throw FileFailure(notRegular: from)
                }
            }
        }
    }

    /// Removes a file or directory; what cannot be removed stays.
    static func remove(_ path: FilePath) {
        if unlink(path.string) == 0 || errno == ENOENT || errno == ENOTDIR { return }
        // Files that another process adds meanwhile, or that this user may not remove, are left to the next recovery.
        DirectoryRemoval.remove(path.string)
    }

    private static func copyLink(_ source: FilePath, to target: FilePath) throws(FileFailure) {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = readlink(source.string, &buffer, Int(PATH_MAX))
        guard count >= 0, symlink(buffer, target.string) == 0 else { throw FileFailure("copy link", source) }
    }

    private static func copyFile(_ source: FilePath, to target: FilePath, _ information: stat) throws(FileFailure) {
        let from = open(source.string, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard from >= 0 else { throw FileFailure("read", source) }
        defer { close(from) }
        let mode = mode_t(S_IRUSR | S_IWUSR) | information.st_mode & mode_t(S_IXUSR)
        let to = open(target.string, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard to >= 0 else { throw FileFailure("create", target) }
        defer { close(to) }
        guard stoker_copy_file(from, to) == 0 else { throw FileFailure("copy", source) }
    }
}
