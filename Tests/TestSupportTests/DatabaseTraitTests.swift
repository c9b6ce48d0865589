// SPDX-License-Identifier: Apache-2.0

import LocalPostgres
import Subprocess
import Synchronization
import SystemPackage
import TestSupport
import Testing

private let preparations = Atomic<Int>(0)

extension DatabaseTemplate {
    fileprivate static let counted = DatabaseTemplate("counted") { connectionString in
        preparations.add(1, ordering: .relaxed)
        _ = try await psql(connectionString, "CREATE TABLE things (n int)")
    }
}

@Suite(.timeLimit(.minutes(1)), .database(.counted))
struct DatabaseTraitTests {
    @Test(arguments: 1...4) func `each case has a copy of the template to itself`(number: Int) async throws {
        let connection = TestDatabase.current.connectionString
        #expect(try await psql(connection, "INSERT INTO things VALUES (\(number)) RETURNING n") == "\(number)")
        #expect(try await psql(connection, "SELECT count(*) FROM things") == "1")
        #expect(preparations.load(ordering: .relaxed) == 1)
    }

    @Test(.database) func `the trait of the test goes before that of its suite`() async throws {
        #expect(try await psql(TestDatabase.current.connectionString, "SELECT to_regclass('things') IS NULL") == "t")
    }

    @Test func `a database is dropped after its test`() async throws {
        let name = TestSignal<TestDatabase>()
        try await DatabaseTrait.database.provideScope(for: #require(Test.current), testCase: .current) {
            name.send(TestDatabase.current)
        }
        let gone = try await name.next()
        let connection = TestDatabase.current.connectionString
        let left = try await psql(connection, "SELECT count(*) FROM pg_database WHERE datname = '\(gone.name)'")
        #expect(left == "0")
    }

    @Test(.cluster) func `a cluster of one's own can be restarted, crashed and frozen`() async throws {
        let own = TestCluster.current
        let pid = await own.cluster.pid
        #expect(try await own.cluster.restart(mode: .immediate) == own.connectionString)
        #expect(await own.cluster.pid != pid)
        await own.crash()
        #expect(try await own.cluster.start() == own.connectionString)
        let client = try await own.frozen {
            try await RunningProcess.start(psqlProgram(), ["-AtX", own.connectionString, "-c", "SELECT 'thawed'"])
        }
        #expect(try await client.line(containing: "thawed").text == "thawed")
    }
}

private func psqlProgram() async throws -> FilePath {
    try await ServerInstallation.find().program("psql")
}

private func psql(_ connectionString: String, _ statement: String) async throws -> String {
    let arguments = ["-AtXq", connectionString, "-v", "ON_ERROR_STOP=1", "-c", statement]
    let outcome = try await RunningProcess.outcome(of: psqlProgram(), arguments)
    #expect(outcome.status == .exited(0), "\(outcome.standardError)")
    return outcome.standardOutput.joined(separator: "\n")
}
