// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SystemPackage

/// The live processes of one server.
///
/// A process id alone proves nothing: after a crash or a container's restart another process may have it, and a process
/// that is taken for an orphan is killed. So three facts must agree: Postgres and all its children have the data
/// directory as their working directory, run as its owner, and have the program's name. A shell in that directory does
/// not match.
enum ServerProcesses {
    /// The ids of the server of `directory` and of all its children.
    static func all(in directory: FilePath) -> [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.filter { isServer($0, in: directory) }.sorted()
    }

    /// Whether the process lives and belongs to the server of `directory`, an absolute path without symbolic links.
    static func isServer(_ pid: Int32, in directory: FilePath) -> Bool {
        // Numbers below 2 do not name a single process for kill(2), or name init.
        guard pid > 1 else { return false }
        // A zombie has no working directory any more.
        guard let current = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd"),
            FilePath(current) == directory,
            let process = try? FileStatus(of: FilePath("/proc/\(pid)")),
            let data = try? FileStatus(of: directory),
            process.userID == data.userID,
            let name = FileManager.default.contents(atPath: "/proc/\(pid)/comm")
        else { return false }
        return String(decoding: name, as: UTF8.self) == "postgres\n"
    }
}
