// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PostgresClient
import Subprocess
import TestSupport
import Testing

/// Builds move from one worker to another with their state.
@Suite struct HandOverTests {
    @Test(.database(.currentSchema), .timeLimit(.minutes(2)))
    func `a drain with a short deadline hands a running build over, and another finishes it from its state`()
        async throws
    {
        try await ChaosFleet.open(settings: ["STOKER_WORKER_DRAIN_DEADLINE": "500ms"]) { chaos in
            let first = try await chaos.worker("first")
            try await chaos.enqueue(1, "long")
            _ = try await chaos.watch.until("the first execution") { chaos.witness.hasBegun("long1") ? true : nil }
            first.send(.terminate)
            let status = try await first.exit()
            #expect(status.isSuccess)
            let handed = try await chaos.watch.column(
                "SELECT job_status::text || ' ' || attempt FROM provisioner_jobs WHERE attempt = 0"
            )
            #expect(handed == ["pending 0"])

            let second = try await chaos.worker("second")
            let ends = try await chaos.ends(of: "long", within: .seconds(20))
            #expect(ends == ["succeeded 1 of 1"])
            #expect(chaos.witness.epochs(of: "long1") == [1, 3])
            #expect(chaos.witness.state(givenTo: "long1", epoch: 3) == "interrupted by 1")
            #expect(chaos.witness.overlaps == [])
            #expect(chaos.leftovers(of: "first") == [])
            try await second.end()
        }
    }

    @Test(.database(.currentSchema), .timeLimit(.minutes(2)))
    func `a worker that is stopped finishes what it runs and takes on nothing more`() async throws {
        try await ChaosFleet.open { chaos in
            let worker = try await chaos.worker("first")
            try await chaos.enqueue(1, "held")
            _ = try await chaos.watch.until("the build") { chaos.witness.hasBegun("held1") ? true : nil }
            worker.send(.terminate)
            try await worker.line(containing: "draining")
            // Three of its slots are free.
            try await chaos.enqueue(2, "box")
            try await chaos.watch.until(
                "a heartbeat after that",
                """
                SELECT count(*) FROM workers WHERE state = 'draining'
                    AND last_seen_at > (SELECT max(created_at) FROM provisioner_jobs) + interval '500 ms'
                """,
                is: 1
            )
            try chaos.witness.release()
            let status = try await worker.exit()
            #expect(status.isSuccess)
            let jobs = try await chaos.watch.column(
                """
                SELECT concat_ws(' ', w.name, j.job_status, j.attempt) FROM provisioner_jobs j
                JOIN workspaces w ON w.id = j.workspace_id ORDER BY w.name
                """
            )
            #expect(jobs == ["box1 pending 0", "box2 pending 0", "held1 succeeded 1"])
        }
    }

    @Test(.database(.currentSchema), .timeLimit(.minutes(2)))
    func `a worker that was killed hands in what its guard saved, before the job goes on`() async throws {
        try await ChaosFleet.open { chaos in
            let first = try await chaos.worker("first")
            try await chaos.enqueue(1, "long")
            _ = try await chaos.watch.until("the first execution") { chaos.witness.hasBegun("long1") ? true : nil }
            first.send(.kill)
            try await first.exit()
            // Restarted as a container would be: with its disk, and a new identity.
            let again = try await chaos.worker("first")
            let ends = try await chaos.ends(of: "long", within: .seconds(20))
            #expect(ends == ["succeeded 1 of 1"])
            #expect(chaos.witness.epochs(of: "long1") == [1, 3])
            #expect(chaos.witness.state(givenTo: "long1", epoch: 3) == "interrupted by 1")
            try await chaos.requireNoLeftovers(of: ["first"])
            try await again.end()
        }
    }
}
