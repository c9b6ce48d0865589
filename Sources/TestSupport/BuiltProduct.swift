// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import SystemPackage

/// Programs built by this package, for tests that run the real thing.
package enum BuiltProduct {
    /// The `stoker` executable: what the environment variable `STOKER_BINARY` names, else the one built beside the
    /// running test executable.
    ///
    /// - Throws: An error that says how to build it when it is not there.
    package static var stoker: FilePath {
        get throws {
            if let named = ProcessInfo.processInfo.environment["STOKER_BINARY"] { return try existing(FilePath(named)) }
            let running = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            return try existing(FilePath(running).removingLastComponent().appending("stoker"))
        }
    }

    private static func existing(_ path: FilePath) throws -> FilePath {
        guard FileManager.default.isExecutableFile(atPath: path.string) else { throw NotBuilt(path: path) }
        return path
    }

    private struct NotBuilt: Error, CustomStringConvertible {
        let path: FilePath
        var description: String {
            "there is no executable \(path): run `swift build --product stoker`, or set STOKER_BINARY"
        }
    }
}
