// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import LocalPostgres

@Suite(.timeLimit(.minutes(1)))
struct ServerInstallationTests {
    @Test(arguments: [
        ("postgres (PostgreSQL) 15.7 (Debian 15.7-0+deb12u1)", 15),
        ("postgres (PostgreSQL) 18beta1", 18),
        ("postgres (PostgreSQL) 9.6.24", 9),
        ("postgres: command not found", nil),
        ("", nil),
    ])
    func `the major version is read from what the server says`(answer: String, expected: Int?) {
        #expect(ServerInstallation.majorVersion(ofAnswer: answer) == expected)
    }

    @Test func `the newest of the versioned directories is taken, and the one asked for`() async throws {
        let area = try await TestArea.shared.makeDirectory("installations")
        for version in [9, 15, 16] { try install(version, in: area.appending("\(version)/bin")) }
        var paths = ServerInstallation.SearchPaths(path: "")
        paths.versioned = [area]
        paths.single = []
        let newest = try await ServerInstallation.find(majorVersion: nil, in: paths)
        #expect(newest == ServerInstallation(binaries: area.appending("16/bin"), majorVersion: 16))
        let asked = try await ServerInstallation.find(majorVersion: 15, in: paths)
        #expect(asked == ServerInstallation(binaries: area.appending("15/bin"), majorVersion: 15))
        let missing = await #expect(throws: LocalPostgresError.self) {
            try await ServerInstallation.find(majorVersion: 14, in: paths)
        }
        #expect(
            missing
                == LocalPostgresError(
                    .versionMismatch,
                    "no Postgres 14 server is installed (installed: 16, 15, 9)",
                    remedy: "Install it (Debian, Ubuntu: `apt-get install postgresql-14`)."
                )
        )
    }

    @Test func `the one on PATH goes before, through links too, and before that pg_config names`() async throws {
        let area = try await TestArea.shared.makeDirectory("installations")
        let links = area.appending("links")
        try install(15, in: area.appending("15/bin"))
        try install(17, in: area.appending("17/bin"))
        try FileManager.default.createDirectory(atPath: links.string, withIntermediateDirectories: true)
        try script("echo \(area.appending("17/bin"))", at: links.appending("pg_config"))
        var paths = ServerInstallation.SearchPaths(path: links.string)
        paths.versioned = []
        paths.single = []
        #expect(try await ServerInstallation.find(majorVersion: nil, in: paths).majorVersion == 17)
        symlink(area.appending("15/bin/postgres").string, links.appending("postgres").string)
        let linked = try await ServerInstallation.find(majorVersion: nil, in: paths)
        #expect(linked == ServerInstallation(binaries: area.appending("15/bin"), majorVersion: 15))
    }

    @Test func `without a server the error names the packages to install`() async throws {
        var paths = ServerInstallation.SearchPaths(path: "/nonexistent")
        paths.versioned = ["/nonexistent"]
        paths.single = []
        let error = await #expect(throws: LocalPostgresError.self) {
            try await ServerInstallation.find(majorVersion: nil, in: paths)
        }
        #expect(error?.code == .serverNotFound)
        #expect(error?.remedy.contains("apt-get install postgresql") == true)
    }

    private func install(_ version: Int, in directory: FilePath) throws {
        try FileManager.default.createDirectory(atPath: directory.string, withIntermediateDirectories: true)
        for program in ["postgres", "initdb", "pg_ctl", "createdb"] {
            try script("echo '\(program) (PostgreSQL) \(version).1'", at: directory.appending(program))
        }
    }

    private func script(_ line: String, at path: FilePath) throws {
        try write("#!/bin/sh\n\(line)\n", to: path)
        chmod(path.string, 0o755)
    }
}
