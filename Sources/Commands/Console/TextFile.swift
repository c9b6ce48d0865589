// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SystemPackage

/// Files that a command line names.
enum TextFile {
    /// The largest file that is read, in bytes.
    static let limit = 64 << 20

    /// Throws ``CommandError`` when it cannot be read, is empty or is too large. Pipes and devices have no size, and are
    /// not read.
    static func read(_ path: String) throws(CommandError) -> [UInt8] {
        let size: Int64
        do {
            let file = try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
            size = try file.closeAfter { try file.seek(offset: 0, from: .end) }
        } catch {
            throw CommandError(.usage, "\(path): \(error)")
        }
        guard size > 0 else { throw CommandError(.usage, "\(path): empty, or not a file") }
        guard size <= limit else { throw CommandError(.usage, "\(path): larger than \(limit >> 20) MiB") }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandError(.usage, "\(path): cannot be read")
        }
        return Array(data)
    }

    /// Writes lines, in place of what was there.
    static func write(_ lines: [String], to path: String) throws {
        do {
            let file = try FileDescriptor.open(
                FilePath(path),
                .writeOnly,
                options: [.create, .truncate, .closeOnExec],
                permissions: .init(rawValue: 0o644)
            )
            _ = try file.closeAfter { try file.writeAll(lines.map { $0 + "\n" }.joined().utf8) }
        } catch {
            throw CommandError("\(path): cannot be written: \(error)")
        }
    }
}
