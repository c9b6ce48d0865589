// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage

/// Files and directories that only this user may read. All calls block.
enum PrivateFiles {
    /// The file's bytes, or `nil` when there is no such file.
    static func read(_ path: FilePath) throws(FileFailure) -> [UInt8]? {
        let descriptor = open(path.string, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw FileFailure("read", path)
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw FileFailure("read", path) }
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<count])
        }
    }

    /// Writes a new file with the given permissions; never through a link, never over a file that is there.
    static func create(_ path: FilePath, _ bytes: [UInt8], mode: UInt16 = 0o600) throws(FileFailure) {
        let descriptor = open(path.string, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode_t(mode))
        guard descriptor >= 0 else { throw FileFailure("create", path) }
        defer { close(descriptor) }
        try write(bytes, to: descriptor, path)
    }

    /// Replaces the file's content so that a reader, or a machine that loses power, sees the old bytes or the new.
    static func replace(_ path: FilePath, _ bytes: [UInt8]) throws(FileFailure) {
        let partial = FilePath("\(path.string).\(getpid())\(partialSuffix)")
        unlink(partial.string)
        try create(partial, bytes)
        let descriptor = open(partial.string, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileFailure("open", partial) }
        let synced = fsync(descriptor)
        close(descriptor)
        guard synced == 0, rename(partial.string, path.string) == 0 else {
            let failure = FileFailure("replace", path)
            unlink(partial.string)
            throw failure
        }
    }

    private static let partialSuffix = ".partial"
    /// Seconds.
    private static let longestMaking = 60

    /// Whether nobody can be making it any more: what is made under another name gets its own within milliseconds.
    static func isAbandoned(_ path: FilePath) -> Bool {
        var information = stat()
        return lstat(path.string, &information) == 0 && information.st_mtim.tv_sec < time(nil) - longestMaking
    }

    /// Removes what was left of files that were being replaced when their writer was killed.
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

    /// The names in a directory, sorted; none when it does not exist.
    static func names(in directory: FilePath) throws(FileFailure) -> [String] {
        guard let stream = opendir(directory.string) else {
            if errno == ENOENT { return [] }
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

/// A file operation that the system refused.
struct FileFailure: Error, Hashable, CustomStringConvertible {
    let operation: String
    let path: String
    let errno: Int32

    /// Captures `errno` of the call that has just failed.
    init(_ operation: String, _ path: FilePath) {
        self.init(operation, path.string, errno: Glibc.errno)
    }

    init(_ operation: String, _ path: String, errno: Int32) {
        self.operation = operation
        self.path = path
        self.errno = errno
    }

    var description: String { "cannot \(operation) \(path): \(SystemError.text(errno))" }
}

enum SystemError {
    /// What the system says about an `errno`.
    static func text(_ errno: Int32) -> String {
        Errno(rawValue: errno).description
    }
}
