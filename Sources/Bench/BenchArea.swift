// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import SystemPackage
import Templates

/// A directory of a measurement, which only this user can enter.
struct BenchArea: Sendable {
    let path: FilePath

    /// Performs the body with a directory, and removes it.
    static func temporary<Result>(_ body: (BenchArea) async throws -> Result) async throws -> Result {
        let parent = FilePath(FileManager.default.temporaryDirectory.path(percentEncoded: false))
        let area = BenchArea(path: parent.appending("stoker-bench-\(JobID.random())"))
        try area.make(area.path)
        do {
            let result = try await body(area)
            try await area.remove()
            return result
        } catch {
            // In a task of its own, because this one may be canceled. The body's error says more than one of the
            // removal.
            try? await Task { try await area.remove() }.value
            throw error
        }
    }

    /// Processes that a measurement has started may write until they see that their directory is gone.
    private func remove() async throws {
        for _ in 0..<20 {
            if (try? FileManager.default.removeItem(atPath: path.string)) != nil { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        try FileManager.default.removeItem(atPath: path.string)
    }

    /// Makes a directory in it, with these files.
    func directory(_ name: String, entries: [ArchiveEntry] = []) throws -> FilePath {
        let directory = path.appending(name)
        try make(directory)
        for entry in entries {
            guard case .file(let bytes) = entry.kind else { continue }
            try write(bytes, to: directory.appending(entry.path), mode: entry.mode)
        }
        return directory
    }

    /// Writes a file.
    func write(_ bytes: some Sequence<UInt8>, to file: FilePath, mode: UInt16 = 0o600) throws {
        let isWritten = FileManager.default.createFile(
            atPath: file.string,
            contents: Data(bytes),
            attributes: [.posixPermissions: Int(mode)]
        )
        guard isWritten else { throw BenchError("\(file) cannot be written") }
    }

    /// The texts of the files whose names begin like that.
    func contents(withPrefix prefix: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path.string).filter { $0.hasPrefix(prefix) }.map {
            String(decoding: FileManager.default.contents(atPath: path.appending($0).string) ?? Data(), as: UTF8.self)
        }
    }

    private func make(_ directory: FilePath) throws {
        try FileManager.default.createDirectory(
            atPath: directory.string,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700]
        )
    }
}
