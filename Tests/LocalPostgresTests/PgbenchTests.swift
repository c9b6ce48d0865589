// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import LocalPostgres

@Suite(.timeLimit(.minutes(1))) struct PgbenchTests {
    /// Writes a shell script into a directory of its own.
    private func program(_ body: String) async throws -> FilePath {
        let file = try await TestArea.shared.makeDirectory("pgbench").appending("pgbench")
        try #require(
            FileManager.default.createFile(
                atPath: file.string,
                contents: Data("#!/bin/sh\n\(body)\n".utf8),
                attributes: [.posixPermissions: 0o755]
            )
        )
        return file
    }

    private static let answering = #"[ "$1" = --version ] && { echo "pgbench (PostgreSQL) 15.7"; exit; }"#

    @Test func `it is looked for on PATH, then among the servers, and may be missing`() async throws {
        var paths = ServerInstallation.SearchPaths(path: "")
        paths.versioned = []
        paths.single = []
        #expect(try await Pgbench.find(nil, in: paths) == nil)
        let other = try await program("echo something else")
        paths.path = [other.removingLastComponent()]
        #expect(try await Pgbench.find(nil, in: paths) == nil)
        let found = try await program(Self.answering)
        paths.single = [found.removingLastComponent()]
        #expect(try await Pgbench.find(nil, in: paths) == Pgbench(program: found, version: "pgbench (PostgreSQL) 15.7"))
        let error = await #expect(throws: LocalPostgresError.self) { _ = try await Pgbench.find(other, in: paths) }
        #expect(error?.message == "\(other) does not answer as pgbench does")
    }

    @Test func `the connection is in its environment, and not among its arguments`() async throws {
        let file = try await program("\(Self.answering)\necho \"$*\"; echo \"$PGDATABASE\"; pwd")
        let pgbench = try #require(try await Pgbench.find(file))
        let report = try await pgbench.run(
            ["--client=2"],
            on: "password='secret'",
            in: file.removingLastComponent(),
            within: .seconds(10)
        )
        #expect(report == "--client=2\npassword='secret'\n\(file.removingLastComponent())")
    }

    @Test func `its failure shows what it said, and a deadline ends it`() async throws {
        let failing = try #require(
            try await Pgbench.find(try await program("\(Self.answering)\necho no table; exit 2"))
        )
        let failure = await #expect(throws: LocalPostgresError.self) {
            _ = try await failing.run([], on: "", in: "/", within: .seconds(10))
        }
        #expect(failure?.message == "pgbench failed: no table")
        let slow = try #require(try await Pgbench.find(try await program("\(Self.answering)\nsleep 60")))
        let late = await #expect(throws: LocalPostgresError.self) {
            _ = try await slow.run([], on: "", in: "/", within: .milliseconds(200))
        }
        #expect(late?.code == .deadlineExceeded)
    }

    @Test func `a program beside a body ends with it, also when the body fails`() async throws {
        struct Failure: Error {}
        let area = try await TestArea.shared.makeDirectory("service")
        let log = area.appending("log")
        func beside(_ body: (Int32) async throws -> Int32) async throws -> Int32 {
            // It outlives SIGTERM only as long as it takes to say so.
            let script = "trap 'echo ended; exit' TERM; echo begun; while :; do sleep 0.05; done"
            return try await Tool.beside(
                "/bin/sh",
                ["-c", script],
                environment: [:],
                log: log,
                patience: .seconds(20),
                body
            )
        }
        func lines() -> [Substring] {
            String(decoding: FileManager.default.contents(atPath: log.string) ?? Data(), as: UTF8.self)
                .split(separator: "\n")
        }
        func begun(_ count: Int) async throws {
            while lines().count(where: { $0 == "begun" }) < count { try await Task.sleep(for: .milliseconds(10)) }
        }
        let pid = try await beside { pid in
            try await begun(1)
            return pid
        }
        #expect(kill(pid, 0) == -1)
        #expect(lines() == ["begun", "ended"])
        await #expect(throws: Failure.self) {
            _ = try await beside { _ in
                try await begun(2)
                throw Failure()
            }
        }
        #expect(lines() == ["begun", "ended", "begun", "ended"])
    }
}
