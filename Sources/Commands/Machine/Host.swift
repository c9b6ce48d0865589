// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import SystemPackage
import Time

/// What this process is told by the system it runs on. Nothing else reads the environment.
enum Host {
    static var environment: [String: String] { ProcessInfo.processInfo.environment }

    static var name: String { ProcessInfo.processInfo.hostName }

    static var isRoot: Bool { geteuid() == 0 }

    /// Whether a person reads standard error at a terminal that can move its cursor.
    static var isTerminal: Bool {
        isatty(STDERR_FILENO) == 1 && !["", "dumb"].contains(environment["TERM"] ?? "")
    }

    /// This program, also after its file was replaced: worker and guards are always of one release.
    static let ownExecutable: FilePath = "/proc/self/exe"

    /// Who is typing.
    static var user: String { environment["SUDO_USER"] ?? ProcessInfo.processInfo.userName }

    /// The system's clock; what the database decides, it decides by its own.
    static var now: Instant { Instant(microseconds: Int64(Date.now.timeIntervalSince1970 * 1_000_000)) }

    /// The directories of `PATH`, with the program's name below each, that hold a program of that name.
    static func program(_ name: String, environment: [String: String]) -> String? {
        (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }.first {
            FileManager.default.isExecutableFile(atPath: $0)
        }
    }
}
