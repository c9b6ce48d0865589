// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

@testable import LocalPostgres

/// Access to the socket alone does not let anyone in.
@Suite(.timeLimit(.minutes(2)))
struct PasswordTests {
    @Test func `whoever does not know the password is refused, whatever user it is`() async throws {
        let cluster = try await TestArea.cluster()
        let connection = try await cluster.start()
        #expect(try await psql(connection, "SELECT 7") == .said("7"))
        let file = cluster.dataDirectory.appending("postgres/pgpass")
        #expect(try FileStatus(of: file).permissions == 0o600)
        // The URL names the file and is no secret itself.
        let parts = try text(of: file).split(separator: ":")
        let password = try #require(parts.last).filter { !$0.isWhitespace }
        #expect(password.count >= 40 && !connection.contains(password))

        let without = try #require(connection.firstRange(of: "&passfile="))
        let url = String(connection[..<without.lowerBound])
        for guess in ["", "&password=stoker"] {
            guard case .failed(let message) = try await psql(url + guess + "&passfile=%2Fdev%2Fnull", "SELECT 7") else {
                Issue.record("let in with '\(guess)'")
                continue
            }
            #expect(message.contains("password"))
        }
        try await cluster.stop(mode: .immediate)
    }

    @Test func `a cluster of an earlier release, which asked for none, gets one and keeps its data`() async throws {
        let trusting = try await TestArea.cluster(settings: ["hba_file": "data/pg_hba.conf"])
        let open = try await trusting.start()
        #expect(!open.contains("passfile"))
        #expect(try await psql(open, "CREATE TABLE kept AS SELECT 7 AS value") == .said("SELECT 1"))

        // It still runs, as after an upgrade that replaces a killed 'stoker up'.
        let cluster = LocalCluster(dataDirectory: trusting.dataDirectory, settings: fast, logger: .silent)
        let connection = try await cluster.start()
        #expect(try await psql(connection, "SELECT value FROM kept") == .said("7"))
        #expect(try await psql(open + "&passfile=%2Fdev%2Fnull", "SELECT 7") != .said("7"))
        try await cluster.stop(mode: .immediate)
    }
}
