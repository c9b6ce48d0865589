// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SystemPackage

/// The record that a running `stoker up` keeps in its data directory, so that commands in another terminal find its
/// database without configuration. Only its owner can read it.
struct UpRecord: Hashable, Codable, Sendable {
    let databaseURL: String
    let httpAddress: String
    let pid: Int32

    private enum CodingKeys: String, CodingKey {
        case pid
        case databaseURL = "database_url"
        case httpAddress = "http_address"
    }

    /// The record of a directory; `nil` when there is none, or it cannot be read by this user.
    static func read(_ directory: DataDirectory) -> UpRecord? {
        guard let data = FileManager.default.contents(atPath: directory.record.string) else { return nil }
        return try? JSONDecoder().decode(UpRecord.self, from: data)
    }

    /// Replaces an earlier record atomically.
    func write(_ directory: DataDirectory) throws {
        let unfinished = "\(directory.record).\(pid)"
        let file = try FileDescriptor.open(
            FilePath(unfinished),
            .writeOnly,
            options: [.create, .truncate, .closeOnExec, .noFollow],
            permissions: .ownerReadWrite
        )
        _ = try file.closeAfter { try file.writeAll(Array(JSONText.pretty(self).utf8)) }
        Self.remove(directory)
        try FileManager.default.moveItem(atPath: unfinished, toPath: directory.record.string)
    }

    static func remove(_ directory: DataDirectory) {
        // A missing record need not be removed; one that cannot be removed is replaced at the next start.
        try? FileManager.default.removeItem(atPath: directory.record.string)
    }
}
