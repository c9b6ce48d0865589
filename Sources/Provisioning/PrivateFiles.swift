// SPDX-License-Identifier: Apache-2.0

import Basics
import Glibc
import SystemPackage

/// Files and directories that only this user may read. All calls block.
enum PrivateFiles {
    /// The file's bytes, or `nil` when there is no such file.
    ///
    /// It reads only a regular file, and opens it without following a link and without blocking, so it returns at once
    /// whatever a template has put there. It never reads more than `limit` bytes into memory.
    ///
    /// - Parameters:
    ///   - setting: The setting of the limit, if it can be changed.
    ///   - parent: A directory whose own path is trusted; below it, no link in the path is followed either.
    static func read(
        _ path: FilePath,
        atMost limit: Int = ChildBounds.fileBytes,
        setting: String? = nil,
        below parent: FilePath? = nil
    ) throws(FileFailure) -> [UInt8]? {
        guard let descriptor = try open(path, below: parent) else { return nil }
        defer { close(descriptor) }
        var information = stat()
        guard fstat(descriptor, &information) == 0 else { throw FileFailure("examine", path) }
        guard information.st_mode & mode_t(S_IFMT) == mode_t(S_IFREG) else { throw FileFailure(notRegular: path) }
        guard information.st_size <= limit else {
            throw FileFailure(path, has: information.st_size, most: limit, setting)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(information.st_size))
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw FileFailure("read", path) }
            if count == 0 { return bytes }
            // The file may grow meanwhile.
            guard bytes.count + count <= limit else {
                throw FileFailure(path, has: bytes.count + count, most: limit, setting)
            }
            bytes.append(contentsOf: chunk[..<count])
        }
    }

    /// `nil` when there is no such file.
    private static func open(_ path: FilePath, below parent: FilePath?) throws(FileFailure) -> Int32? {
        let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY
        var directory = AT_FDCWD
        defer { if directory != AT_FDCWD { close(directory) } }
        var rest = path
        if let parent {
            directory = Glibc.open(parent.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard directory >= 0 else {
                directory = AT_FDCWD
                if errno == ENOENT { return nil }
                if errno == EACCES { throw FileFailure(path, "may not be read.") }
                throw FileFailure("open", parent)
            }
            guard rest.removePrefix(parent), let name = rest.removingRoot().lastComponent else {
                throw FileFailure("read", path.string, errno: EINVAL)
            }
            for component in rest.removingLastComponent().components {
                let next = openat(directory, component.string, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                guard next >= 0 else {
                    if errno == ENOENT { return nil }
                    if errno == EACCES { throw FileFailure(path, "may not be read.") }
                    throw errno == ELOOP || errno == ENOTDIR ? FileFailure(notRegular: path) : FileFailure("read", path)
                }
                close(directory)
                directory = next
            }
            rest = FilePath(root: nil, [name])
        }
        let descriptor = openat(directory, rest.string, flags)
        guard descriptor < 0 else { return descriptor }
        switch errno {
        case ENOENT: return nil
        // A link, a socket, a FIFO without a reader, or a device without a driver.
        case ELOOP, ENXIO, ENODEV: throw FileFailure(notRegular: path)
        // A template has removed the permissions of this user's own files.
        case EACCES: throw FileFailure(path, "may not be read.")
        default: throw FileFailure("read", path)
        }
    }

    /// Writes a new file with the given permissions; never through a link, never over an existing file.
    static func create(_ path: FilePath, _ bytes: [UInt8], mode: UInt16 = 0o600) throws(FileFailure) {
        let descriptor = Glibc.open(path.string, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode_t(mode))
        guard descriptor >= 0 else { throw FileFailure("create", path) }
        defer { close(descriptor) }
        try write(bytes, to: descriptor, path)
    }

    /// Replaces the file's content atomically: a reader, also after a power loss, sees the old bytes or the new.
    static func replace(_ path: FilePath, _ bytes: [UInt8]) throws(FileFailure) {
        // An unpredictable name, so that nothing can stand in its way.
        let name = String(UInt64.random(in: .min ... .max), radix: 36)
        let partial = FilePath("\(path.string).\(name)\(partialSuffix)")
        var isReplaced = false
        // What a full disk has cut short takes no place from the next try.
        defer { if !isReplaced { unlink(partial.string) } }
        try create(partial, bytes)
        let descriptor = Glibc.open(partial.string, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileFailure("open", partial) }
        let synced = fsync(descriptor)
        close(descriptor)
        // The rename replaces a file. It would fail on a directory that a template has put there, so that is moved
        // away, and removed with the rest.
        var information = stat()
        if lstat(path.string, &information) == 0, information.st_mode & mode_t(S_IFMT) == mode_t(S_IFDIR) {
            rename(path.string, "\(path.string).\(name)")
        }
        guard synced == 0, rename(partial.string, path.string) == 0 else {
            throw FileFailure("replace", path)
        }
        isReplaced = true
    }

    private static let partialSuffix = ".partial"
    /// Seconds.
    private static let longestMaking = 60

    /// Whether no process can be writing it any more: a temporary file gets its final name within milliseconds.
    static func isAbandoned(_ path: FilePath) -> Bool {
        var information = stat()
        return lstat(path.string, &information) == 0 && information.st_mtim.tv_sec < time(nil) - longestMaking
    }

    /// Removes temporary files whose writer was killed.
    static func removePartial(in directory: FilePath) throws(FileFailure) {
        for name in try names(in: directory) where name.hasSuffix(partialSuffix) {
            let path = directory.appending(name)
            if isAbandoned(path) { unlink(path.string) }
        }
    }

    /// Makes the directory, its parents too, with mode 0700. One that exists is left as it is.
    static func makeDirectory(_ path: FilePath) throws(FileFailure) {
        if mkdir(path.string, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, !path.removingLastComponent().isEmpty else {
            throw FileFailure("create directory", path)
        }
        try makeDirectory(path.removingLastComponent())
        guard mkdir(path.string, 0o700) == 0 || errno == EEXIST else { throw FileFailure("create directory", path) }
    }

    /// The names in a directory, sorted; empty when it does not exist or is no directory.
    static func names(in directory: FilePath) throws(FileFailure) -> [String] {
        guard let stream = opendir(directory.string) else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw FileFailure("list", directory)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    static func write(_ bytes: [UInt8], to descriptor: Int32, _ path: FilePath) throws(FileFailure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw FileFailure("write", path) }
            rest = rest.dropFirst(count)
        }
    }
}

/// A file operation that failed.
struct FileFailure: Error, Hashable, CustomStringConvertible {
    let operation: String
    let path: String
    let errno: Int32
    /// Set when the system did not refuse it: the file is one that is not accepted from a template.
    private(set) var refusal: BoundExceeded?

    /// Captures `errno` of the call that just failed.
    init(_ operation: String, _ path: FilePath) {
        self.init(operation, path.string, errno: Glibc.errno)
    }

    init(_ operation: String, _ path: String, errno: Int32) {
        self.operation = operation
        self.path = path
        self.errno = errno
    }

    init(notRegular path: FilePath) {
        self.init(path, "is no regular file; only those are read.")
    }

    /// - Parameter fault: It follows the file's name in the message.
    init(_ path: FilePath, _ fault: String) {
        self.init("take", path.string, errno: EINVAL)
        refusal = BoundExceeded("\(path.lastComponent?.string ?? path.string) \(fault)")
    }

    init(_ path: FilePath, has count: Int, most: Int, _ setting: String?) {
        self.init("read", path.string, errno: EFBIG)
        refusal = BoundExceeded(path.lastComponent?.string ?? path.string, has: count, most: most, setting: setting)
    }

    var description: String {
        "cannot \(operation) \(path): \(refusal?.description ?? SystemError(errno).description)"
    }
}
