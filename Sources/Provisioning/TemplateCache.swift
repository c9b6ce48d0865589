// SPDX-License-Identifier: Apache-2.0

import Basics
import Crypto
import Domain
import FoundationEssentials
import Glibc
import SystemPackage
import Templates

/// A cache of unpacked, prepared templates, one per archive: the preparation of a version runs once per machine.
///
/// A copy is made under a temporary name and renamed when it is complete, under a lock that all workers of the machine
/// share. Nothing runs in it afterwards: every execution works on a clone.
struct TemplateCache: Sendable {
    /// The number of copies that are kept; the least recently used are removed first.
    static let capacity = 24

    let host: ProvisioningHost
    /// What the preparation depends on besides the archive, in characters that are valid in a file name.
    let variant: String

    /// Copies the template's files into `directory.module`.
    ///
    /// - Parameter prepare: Completes a newly unpacked copy; called only when there is no copy yet.
    /// - Returns: Whether there was a copy.
    @discardableResult
    func open(
        _ archive: TemplateArchive,
        in directory: WorkDirectory,
        log: ExecutionLog,
        control: ExecutionControl,
        prepare: (FilePath) async throws(ProvisioningFailure) -> Void
    ) async throws(ProvisioningFailure) -> Bool {
        guard archive.hash.utf8.count == 64, archive.hash.allSatisfy(\.isHexDigit) else {
            throw ProvisioningFailure(.invalid, "The archive's hash is no SHA-256 in hexadecimal: \(archive.hash).")
        }
        let copy = host.cache.appending("templates").appending("\(archive.hash.lowercased())-\(variant)")
        if try await clone(copy, into: directory) { return true }

        let lock = try await FileLock.acquire(FilePath("\(copy.string).lock"), control: control)
        defer { _fixLifetime(lock) }
        if try await clone(copy, into: directory) { return true }

        let entries = try await ArchiveReader(host: host).entries(of: archive, in: directory, control: control)
        let fresh = directory.path.appending("template")
        try await files { () throws(FileFailure) in try FileTree.write(entries, below: fresh) }
        try await prepare(fresh)
        try await files { () throws(FileFailure) in
            if rename(fresh.string, copy.string) != 0 {
                // The lock file was replaced meanwhile by another process, which has made the copy.
                guard errno == ENOTEMPTY || errno == EEXIST else { throw FileFailure("rename", fresh) }
                FileTree.remove(fresh)
            }
            try prune(copy.removingLastComponent())
        }
        guard try await clone(copy, into: directory) else {
            throw ProvisioningFailure(.transient, "The cached copy of the template vanished; try again.")
        }
        return false
    }

    /// `false` when there is no such copy.
    private func clone(
        _ copy: FilePath,
        into directory: WorkDirectory
    ) async throws(ProvisioningFailure) -> Bool {
        try await files { () throws(FileFailure) in
            guard access(copy.string, R_OK) == 0 else { return false }
            do throws(FileFailure) {
                try FileTree.clone(copy, to: directory.module)
            } catch  where error.errno == ENOENT {
                // Another worker has pruned it meanwhile.
                FileTree.remove(directory.module)
                return false
            }
            // Its modification time is the time of its last use.
            utimes(copy.string, nil)
            return true
        }
    }

    private func prune(_ copies: FilePath) throws(FileFailure) {
        var used: [(path: FilePath, at: Int)] = []
        for name in try PrivateFiles.names(in: copies) where !name.contains(".") {
            let path = copies.appending(name)
            var information = stat()
            if lstat(path.string, &information) == 0 { used.append((path, information.st_mtim.tv_sec)) }
        }
        for (path, _) in used.sorted(by: { $0.at > $1.at }).dropFirst(Self.capacity) {
            let aside = FilePath("\(path.string).\(getpid()).old")
            if rename(path.string, aside.string) == 0 { FileTree.remove(aside) }
            unlink("\(path.string).lock")
        }
    }

    private func files<Value: Sendable>(
        _ body: @escaping @Sendable () throws(FileFailure) -> Value
    ) async throws(ProvisioningFailure) -> Value {
        do throws(FileFailure) { return try await BlockingWork.run(body) } catch { throw ProvisioningFailure(error) }
    }
}
