// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SystemPackage

/// The live processes of one server.
///
/// A process id alone proves nothing: after a crash or a container's restart the number may be someone else's. And who is
/// taken for an orphan is killed. So three things must agree: Postgres and all its children keep the data directory as
/// their working directory, run as its owner, and bear the program's name. A shell that someone left in the directory
/// does not.
enum ServerProcesses {
    /// The ids of the server of `directory` and of all its children.
    static func all(in directory: FilePath) -> [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.filter { isServer($0, in: directory) }.sorted()
    }

    /// Whether the process lives and belongs to the server of `directory`, an absolute path without symbolic links.
    static func isServer(_ pid: Int32, in directory: FilePath) -> Bool {
        // Numbers below are not single processes to kill(2), or are init.
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
