// SPDX-License-Identifier: Apache-2.0

/// A file, directory or symbolic link of a template's archive.
package struct ArchiveEntry: Hashable, Sendable {
    /// What is stored under the path.
    package enum Kind: Hashable, Sendable {
        case file([UInt8])
        case directory
        /// The target is relative to the link's own directory and stays inside the archive.
        case symbolicLink(target: String)
    }

    /// Relative to the archive's root, components divided by `/`, without `.`, `..` or a slash at either end.
    package let path: String
    /// Permission bits only (`0o777`); never set-user-id, set-group-id or sticky.
    package let mode: UInt16
    package let kind: Kind

    package init(path: String, mode: UInt16, kind: Kind) {
        self.path = path
        self.mode = mode & 0o777
        self.kind = kind
    }

    /// A regular file: mode `0755` when `executable`, else `0644`.
    package static func file(_ path: String, _ bytes: [UInt8], executable: Bool = false) -> Self {
        Self(path: path, mode: executable ? 0o755 : 0o644, kind: .file(bytes))
    }

    /// A directory that everybody may enter.
    package static func directory(_ path: String) -> Self {
        Self(path: path, mode: 0o755, kind: .directory)
    }

    /// A symbolic link; its target is relative to the link's own directory.
    package static func symbolicLink(_ path: String, to target: String) -> Self {
        Self(path: path, mode: 0o777, kind: .symbolicLink(target: target))
    }

    /// Whether it may be executed.
    package var isExecutable: Bool {
        mode & 0o111 != 0
    }
}

/// The limits of an archive. When one is exceeded, unpacking stops before the memory is used.
package struct ArchiveLimits: Hashable, Sendable {
    /// Entries, directories and links included.
    package var entries: Int
    /// Bytes of one file.
    package var entryBytes: Int
    /// Bytes of all files together; a hard link counts as the file it names.
    package var totalBytes: Int
    /// UTF-8 bytes of a path or of a link's target.
    package var pathBytes: Int

    package init(
        entries: Int = 10_000,
        entryBytes: Int = 64 << 20,
        totalBytes: Int = 256 << 20,
        pathBytes: Int = 1_024
    ) {
        self.entries = entries
        self.entryBytes = entryBytes
        self.totalBytes = totalBytes
        self.pathBytes = pathBytes
    }
}
