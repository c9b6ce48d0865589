// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LocalPostgres
import PostgresClient
import Subprocess
import TestSupport
import Testing

/// Postgres is restarted as after a crash, while builds run.
@Suite struct DatabaseRestartTests {
    /// Commits are durable: a commit lost in the crash would be a job that was never claimed.
    @Test(.cluster(.currentSchema, settings: ["synchronous_commit": "on"]), .timeLimit(.minutes(3)))
    func `running builds go on, and nothing is lost or doubled`() async throws {
        // The lease outlasts the restart, so that no worker has to give up its jobs.
        let settings = ["STOKER_WORKER_LEASE_DURATION": "30s"]
        try await ChaosFleet.open(database: TestCluster.current.connectionString, settings: settings) { chaos in
            var workers: [RunningProcess] = []
            for name in ["one", "two"] { workers.append(try await chaos.worker(name)) }
            try await chaos.enqueue(1, "held")
            _ = try await chaos.watch.until("the long build") { chaos.witness.hasBegun("held1") ? true : nil }
            try await chaos.enqueue(Scale.jobs / 2, "box")
            _ = try await chaos.watch.until("some ends") {
                try await chaos.watch.number("SELECT count(*) FROM ends") > 4 ? true : nil
            }
            try await TestCluster.current.cluster.restart(mode: .immediate)
            try await chaos.watch.until(
                "all workers are back",
                "SELECT count(*) FROM workers WHERE state = 'active' AND last_seen_at > pg_postmaster_start_time()",
                is: 2,
                within: .seconds(10)
            )
            let ends = try await chaos.ends(of: "box", within: .seconds(30 + Scale.jobs / 4))
            #expect(ends == ["succeeded \(Scale.jobs / 2) of \(Scale.jobs / 2)"])
            #expect(chaos.witness.overlaps == [])
            // The long build was neither interrupted nor started again, and ends where it began.
            try chaos.witness.release()
            let long = try await chaos.ends(of: "held", within: .seconds(30))
            #expect(long == ["succeeded 1 of 1"])
            #expect(chaos.witness.epochs(of: "held1") == [1])
            let alive = try await chaos.watch.number("SELECT count(*) FROM workers WHERE state = 'active'")
            #expect(alive == 2)
            for worker in workers { try await worker.end() }
        }
    }
}
