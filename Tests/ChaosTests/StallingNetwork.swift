// SPDX-License-Identifier: Apache-2.0

import Subprocess
import SystemPackage
import TestSupport
import Testing

/// A TCP relay to the database that can stop carrying data.
struct StallingNetwork: Sendable {
    let process: RunningProcess
    let connectionString: String

    /// - Parameter database: A URL of a unix socket.
    /// - Parameter address: Where it listens.
    init(to database: String, address: String = "127.0.0.1") async throws {
        let url = try #require(Socket(url: database))
        let script = FilePath("\(#filePath)").removingLastComponent().appending("stalling_proxy.py")
        process = try await RunningProcess.start("/usr/bin/env", ["python3", script.string, url.path, address])
        let port = try await process.line("its port") { Int($0.text) != nil }.text
        connectionString = "postgresql://\(url.user)@\(address):\(port)/\(url.database)"
    }

    private struct Socket {
        let path: String
        let user: String
        let database: String

        /// `postgresql:///database?host=DIRECTORY&user=NAME[&port=NUMBER]`
        init?(url: String) {
            let parts = url.dropFirst("postgresql:///".count).split(separator: "?")
            guard parts.count == 2 else { return nil }
            var values: [Substring: Substring] = [:]
            for pair in parts[1].split(separator: "&") {
                let sides = pair.split(separator: "=", maxSplits: 1)
                if sides.count == 2 { values[sides[0]] = sides[1] }
            }
            guard let host = values["host"], let user = values["user"] else { return nil }
            path = "\(host.replacing("%2F", with: "/"))/.s.PGSQL.\(values["port"] ?? "5432")"
            self.user = String(user)
            database = String(parts[0])
        }
    }
}
