// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Removes a directory with everything in it, whatever its depth, width and permissions.
///
/// The content of a nested directory is first moved up into the outermost one, so two descriptors and one name are
/// enough for any depth. A path could be too long, and recursion could overflow the stack. No link is followed. Blocks.
enum DirectoryRemoval {
    /// The time limit for a directory in which another process still writes.
    private static let limit = Duration.seconds(60)
    private static let link = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC

    static func remove(_ path: String) {
        guard let outermost = open(AT_FDCWD, path) else { return }
        defer { close(outermost) }
        var moved: UInt64 = 0
        let end = ContinuousClock.now + limit
        var hasProgress = true
        while hasProgress, ContinuousClock.now < end {
            if rmdir(path) == 0 || errno == ENOENT { return }
            hasProgress = false
            forEachName(in: outermost, until: end) { name in
                if empty(outermost, name, &moved, until: end) { hasProgress = true }
            }
        }
        rmdir(path)
    }

    /// Removes an entry of the outermost directory after its content was removed or moved up. `false`: it could not be
    /// removed.
    private static func empty(
        _ outermost: Int32,
        _ name: UnsafePointer<CChar>,
        _ moved: inout UInt64,
        until end: ContinuousClock.Instant
    ) -> Bool {
        if drop(outermost, name) { return true }
        guard let directory = open(outermost, name) else { return false }
        defer { close(directory) }
        var hasProgress = false
        forEachName(in: directory, until: end) { child in
            if drop(directory, child) || move(directory, child, to: outermost, &moved) { hasProgress = true }
        }
        return drop(outermost, name) || hasProgress
    }

    /// Moves a directory up, under an unused name.
    private static func move(
        _ directory: Int32,
        _ child: UnsafePointer<CChar>,
        to outermost: Int32,
        _ moved: inout UInt64
    ) -> Bool {
        var isOpened = false
        while renameat(directory, child, outermost, "stoker-\(moved)") != 0 {
            switch errno {
            case EEXIST, ENOTEMPTY, ENOTDIR: moved += 1
            case EACCES where !isOpened:
                // Moving a directory needs write permission in it, since its link to its parent changes.
                fchmodat(directory, child, 0o700, AT_SYMLINK_NOFOLLOW)
                isOpened = true
            default: return false
            }
        }
        moved += 1
        return true
    }

    /// Removes a file, a link or an empty directory.
    private static func drop(_ directory: Int32, _ name: UnsafePointer<CChar>) -> Bool {
        unlinkat(directory, name, 0) == 0 || unlinkat(directory, name, AT_REMOVEDIR) == 0 || errno == ENOENT
    }

    /// Makes a directory readable and writable, if it is this user's.
    private static func open(_ parent: Int32, _ name: UnsafePointer<CChar>) -> Int32? {
        var descriptor = openat(parent, name, link)
        if descriptor < 0, errno == EACCES {
            fchmodat(parent, name, 0o700, AT_SYMLINK_NOFOLLOW)
            descriptor = openat(parent, name, link)
        }
        guard descriptor >= 0 else { return nil }
        fchmod(descriptor, 0o700)
        return descriptor
    }

    /// The body may remove entries.
    private static func forEachName(
        in directory: Int32,
        until end: ContinuousClock.Instant,
        _ body: (UnsafePointer<CChar>) -> Void
    ) {
        // Closing the stream closes its descriptor. A stream has a position of its own only on a newly opened
        // descriptor.
        let own = openat(directory, ".", link)
        guard own >= 0 else { return }
        guard let stream = fdopendir(own) else {
            close(own)
            return
        }
        defer { closedir(stream) }
        // The stream may also return names that are added meanwhile, without end.
        while let entry = readdir(stream), ContinuousClock.now < end {
            withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: 256) { name in
                    if strcmp(name, ".") != 0, strcmp(name, "..") != 0 { body(name) }
                }
            }
        }
    }
}
