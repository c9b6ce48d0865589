// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import SystemPackage
import Time

/// The process's environment and machine. No other code reads the environment.
enum Host {
    static var environment: [String: String] { ProcessInfo.processInfo.environment }

    static var name: String { ProcessInfo.processInfo.hostName }

    static var isRoot: Bool { geteuid() == 0 }

    /// Whether standard error is a terminal that can move its cursor.
    static var isTerminal: Bool {
        isatty(STDERR_FILENO) == 1 && !["", "dumb"].contains(environment["TERM"] ?? "")
    }

    /// The size of the terminal that standard output goes to; `nil`: it goes elsewhere, or to one that cannot move its
    /// cursor.
    static var screen: TerminalSize? {
        ["", "dumb"].contains(environment["TERM"] ?? "") ? nil : TerminalSize(descriptor: STDOUT_FILENO)
    }

    /// Whether a person can be asked.
    static var canAsk: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

    /// This program's file, also after it was replaced, so that worker and guards are always of one release.
    static let ownExecutable: FilePath = "/proc/self/exe"

    /// The directory of this program's file; `nil` when it cannot be found out.
    static var ownDirectory: FilePath? {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: ownExecutable.string))
            .map { FilePath($0).removingLastComponent() }
    }

    /// Whether a shell finds this very program by the name `stoker`.
    static func isOnPath(environment: [String: String]) -> Bool {
        guard let found = program("stoker", environment: environment),
            let own = try? FileManager.default.destinationOfSymbolicLink(atPath: ownExecutable.string)
        else { return false }
        return URL(fileURLWithPath: found).resolvingSymlinksInPath().path
            == URL(fileURLWithPath: own).resolvingSymlinksInPath().path
    }

    /// The name of the user.
    static var user: String { environment["SUDO_USER"] ?? ProcessInfo.processInfo.userName }

    /// The system's clock; the database uses its own for its decisions.
    static var now: Instant { Instant(microseconds: Int64(Date.now.timeIntervalSince1970 * 1_000_000)) }

    /// The directories of `PATH`, with the program's name below each, that hold a program of that name.
    static func program(_ name: String, environment: [String: String]) -> String? {
        (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }.first {
            FileManager.default.isExecutableFile(atPath: $0)
        }
    }
}
