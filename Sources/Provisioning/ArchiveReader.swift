// SPDX-License-Identifier: Apache-2.0

import Basics
import Crypto
import Domain
import SystemPackage
import Templates

/// Fetches an archive, checks its hash, and reads its entries.
struct ArchiveReader: Sendable {
    let host: ProvisioningHost
    var limits = ArchiveLimits()

    func entries(
        of archive: TemplateArchive,
        in directory: WorkDirectory,
        control: ExecutionControl
    ) async throws(ProvisioningFailure) -> [ArchiveEntry] {
        let stored: [UInt8]
        do {
            stored = try await archive.load()
        } catch {
            throw ProvisioningFailure(.transient, "The template's archive could not be fetched: \(error).")
        }
        let hash = await BlockingWork.run { () throws(Never) in SHA256.hash(data: stored).hexadecimal }
        guard hash == archive.hash.lowercased() else {
            throw ProvisioningFailure(.invalid, "The template's archive is damaged: its hash is \(hash).")
        }
        let tar = try await decompress(stored, in: directory, control: control)
        do throws(ArchiveRefusal) {
            return try await BlockingWork.run { [limits] () throws(ArchiveRefusal) in
                try TarArchive.unpack(tar, limits: limits)
            }
        } catch {
            throw ProvisioningFailure(.invalid, error.description)
        }
    }

    /// The system's own `gzip` decompresses it, as a guarded child: hostile bytes can only harm that process.
    private func decompress(
        _ stored: [UInt8],
        in directory: WorkDirectory,
        control: ExecutionControl
    ) async throws(ProvisioningFailure) -> [UInt8] {
        guard TarArchive.compression(of: stored) == .gzip else { return stored }
        guard let gzip = ExecutableSearch.find("gzip", path: host.environment["PATH"]) else {
            throw ProvisioningFailure(.failed, "The archive is compressed, and there is no gzip in the worker's PATH.")
        }
        // Headers, padding and the end mark are added to the size of the files.
        let limit = limits.totalBytes + limits.entries * 2_048 + 65_536
        var command = ChildCommand(
            executable: gzip,
            arguments: ["-dc"],
            environment: host.baseEnvironment(directory),
            directory: directory.path,
            input: stored,
            output: .collect(limit: limit),
            errors: .collect(limit: 1 << 16)
        )
        command.prepares = true
        command.tooMuchOutput = ProvisioningFailure(
            .invalid,
            "The archive is larger than \(limits.totalBytes) bytes when decompressed."
        )
        let result = try await host.runner.run(command, in: directory, control: control)
        guard result.status.isSuccess else {
            let reason = String(decoding: result.errors, as: UTF8.self)
            throw ProvisioningFailure(.invalid, "The archive could not be decompressed: \(reason)")
        }
        return result.output
    }
}
