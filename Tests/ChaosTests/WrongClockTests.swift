// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PostgresClient
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// Workers whose wall clocks are wrong by ten minutes, either way.
@Suite struct WrongClockTests {
    @Test(.database(.currentSchema), .timeLimit(.minutes(2)))
    func `no lease and no prebuild ends early, no lease is stolen, and delays last as long as they should`()
        async throws
    {
        let settings = ["STOKER_PREBUILDS_PENDING_TIMEOUT": "5m"]
        try await ChaosFleet.open(settings: settings) { chaos in
            let clock = try await Self.library(in: chaos.fleet.directory)
            func wrong(by seconds: Int) -> [String: String] {
                ["LD_PRELOAD": clock.string, "WRONG_CLOCK": "\(seconds)"]
            }
            let fast = try await chaos.worker("fast", settings: wrong(by: 600))
            let slow = try await chaos.worker("slow", settings: wrong(by: -600))
            // The clocks really are wrong: the timestamps in the worker's log show it.
            let right = try await chaos.worker("right")
            let minutes = [fast, slow, right].map { $0.lines.first.map { String($0.text.prefix(16)) } }
            #expect(Set(minutes).count == 3)

            // The prebuilds of this pool live for five minutes: already expired by one of the clocks, not expiring by
            // the other.
            try await chaos.setPool(2)
            let eligible: SQL = "SELECT count(*) FROM workspace_prebuilds WHERE eligible"
            try await chaos.watch.until("the pool", eligible, is: 2, within: .seconds(30))

            // These are delayed for longer than a poll, and only the database's clock decides when they are due.
            try await chaos.enqueue(9, "later", due: 4)
            try await chaos.enqueue(2, "long")
            try await chaos.enqueue(20, "box")
            let prompt = try await chaos.ends(of: "box", within: .seconds(30))
            #expect(prompt == ["succeeded 20 of 20"])
            let held = try await chaos.ends(of: "later", within: .seconds(30))
            #expect(held == ["succeeded 9 of 9"])
            let early = try await chaos.tooEarly()
            #expect(early == [])

            // Two leases later the long builds still run where they began, and every lease ends when it should.
            try await chaos.watch.until(
                "two leases",
                "SELECT count(*) FROM workers WHERE state = 'active' AND last_seen_at > created_at + interval '6 s'",
                is: 3,
                within: .seconds(20)
            )
            let leases = try await chaos.watch.column(
                """
                SELECT concat_ws(' ', name, state, lease_expires_at - last_seen_at, lease_expires_at > now()) FROM workers
                WHERE name <> 'pusher' ORDER BY name
                """
            )
            #expect(leases == ["fast", "right", "slow"].map { "\($0) active 00:00:03 t" })
            #expect(chaos.witness.epochs(of: "long1") == [1])
            #expect(chaos.witness.epochs(of: "long2") == [1])
            #expect(chaos.witness.overlaps == [])
            // The worker with the fast clock, alone, has planned when it has added a prebuild, and has not expired the
            // others.
            for worker in [right, slow] { try await worker.end() }
            try await chaos.setPool(3)
            try await chaos.watch.until("the larger pool", eligible, is: 3, within: .seconds(30))
            let made = try await chaos.watch.number("SELECT count(*) FROM workspaces WHERE name LIKE 'prebuild-%'")
            #expect(made == 3)
            try await fast.end()
        }
    }

    /// A library that makes a program read a wrong time of day when it is preloaded; Swift brings the compiler for it.
    private static func library(in directory: FilePath) async throws -> FilePath {
        let source = FilePath("\(#filePath)").removingLastComponent().appending("wrong_clock.c")
        let library = directory.appending("wrong_clock.so")
        let outcome = try await RunningProcess.outcome(
            of: "/usr/bin/env",
            ["clang", "-shared", "-fPIC", "-O1", "-o", library.string, source.string]
        )
        try #require(outcome.status.isSuccess, "\(outcome.standardError)")
        return library
    }
}

extension ChaosFleet {
    /// A pool of the witness's, whose prebuilds live for five minutes.
    fileprivate func setPool(_ size: Int) async throws {
        _ = try await watch.column(
            "UPDATE template_version_presets SET desired_instances = \(size), invalidate_after_secs = 300 RETURNING name"
        )
    }

    /// Builds that began before they were due.
    fileprivate func tooEarly() async throws -> [String] {
        try await watch.column(
            """
            SELECT w.name FROM provisioner_jobs j JOIN workspaces w ON w.id = j.workspace_id
            WHERE j.started_at < j.available_at
            """
        )
    }
}
