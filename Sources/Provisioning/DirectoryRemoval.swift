// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Removes a directory with everything in it, however deep and wide it is, and whatever its permissions are.
///
/// A directory that is not empty has its content moved up into the outermost one before it is removed: two descriptors and one
/// name are enough for any depth, where a path would be too long and a call for each level would overflow the stack. No
/// link is followed. Blocks.
enum DirectoryRemoval {
    /// How long it goes on where somebody still writes.
    private static let patience = Duration.seconds(60)
    private static let link = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC

    static func remove(_ path: String) {
        guard let outermost = open(AT_FDCWD, path) else { return }
        defer { close(outermost) }
        var moved: UInt64 = 0
        let end = ContinuousClock.now + patience
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

    /// Removes an entry of the outermost directory, once what was in it has been removed or moved up. `false`: it resists.
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

    /// Moves a directory up, under a name that nothing there has.
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
                // Only who may write into a directory can move it: its link to its parent changes.
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

    /// A directory that may be listed and written to, if it is this user's.
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
        // The stream takes its descriptor with it, and has a position of its own only when that is opened anew.
        let own = openat(directory, ".", link)
        guard own >= 0 else { return }
        guard let stream = fdopendir(own) else {
            close(own)
            return
        }
        defer { closedir(stream) }
        // Names that are added meanwhile may come, too, without end.
        while let entry = readdir(stream), ContinuousClock.now < end {
            withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: 256) { name in
                    if strcmp(name, ".") != 0, strcmp(name, "..") != 0 { body(name) }
                }
            }
        }
    }
}
