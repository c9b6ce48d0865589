// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SystemPackage

/// What a running server writes into `postmaster.pid`.
///
/// Lines, in the server's own order (`src/include/utils/pidfile.h`): pid, data directory, start time, port, socket
/// directory, listen address, shared memory, status. The last ones are missing while it starts.
struct PostmasterFile: Hashable, Sendable {
    let pid: Int32
    let port: Int?
    let socketDirectory: FilePath?
    /// `starting`, `stopping`, `ready` or `standby`.
    let status: String?

    /// Nil when the text does not begin with a process id.
    init?(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        // A standalone backend writes its pid negated.
        guard let first = lines.first, let pid = Int32(first), pid != 0 else { return nil }
        func line(_ number: Int) -> Substring? {
            guard lines.count >= number, !lines[number - 1].isEmpty else { return nil }
            return lines[number - 1]
        }
        self.pid = pid < 0 ? -pid : pid
        port = line(4).flatMap { Int($0) }
        socketDirectory = line(5).map { FilePath(String($0)) }
        status = line(8).map { String($0.prefix { $0 != " " }) }
    }

    /// The file of a data directory; nil when there is none, or none that can be read.
    init?(inDataDirectory directory: FilePath) {
        guard
            let bytes = FileManager.default.contents(atPath: directory.appending("postmaster.pid").string),
            let file = PostmasterFile(String(decoding: bytes, as: UTF8.self))
        else { return nil }
        self = file
    }
}
