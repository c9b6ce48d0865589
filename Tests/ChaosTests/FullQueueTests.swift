// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Logging
import PostgresClient
import Store
import Subprocess
import TestSupport
import Testing

/// The server's queue of notifications is full, for a minute under load: a session listens and does not read.
@Suite struct FullQueueTests {
    private static let isWanted = ProcessInfo.processInfo.environment["STOKER_TEST_LARGE"] != nil
    private static let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    private struct Claim: Decodable { let outcome: String }

    @Test(
        .cluster(.currentSchema),
        .enabled(if: isWanted, "it fills 8 GB: Scripts/test --full"),
        .timeLimit(.minutes(20))
    )
    func `a fleet goes on while the queue is full, and heals without a restart when it is not`() async throws {
        let url = TestCluster.current.connectionString
        let fleet = try await Fleet(database: url)
        let workers = [try await fleet.worker("one"), try await fleet.worker("two")]
        for worker in workers { try await worker.line(containing: "worker started") }
        try await fleet.run("users", "add", "ada")
        try await fleet.run("templates", "push", Fleet.example("process-local"))
        try await DatabaseWatch.on(url) { watch in
            let ready: SQL = "SELECT count(*)::int FROM workspace_prebuilds WHERE eligible"
            try await watch.until("the pool", ready, is: 2)
            let holder = try PostgresSession(PostgresConfiguration(url), logger: Self.quiet)
            try await holder.executeScript(Statement("test.hold", "LISTEN hole; COMMIT; BEGIN; SELECT 1"))
            try await fill(url)

            let end = ContinuousClock.now + .seconds(60)
            var number = 0
            while ContinuousClock.now < end {
                number += 1
                let name = "box-\(number)"
                let claim = try await fleet.json(
                    Claim.self,
                    "claim",
                    "process-local",
                    "--owner",
                    "ada",
                    "--name",
                    name,
                    "--wait"
                )
                #expect(claim.outcome.hasPrefix("hit") || claim.outcome.hasPrefix("miss"))
                try await fleet.run("workspaces", "delete", name, "--owner", "ada")
            }
            #expect(number > 3)
            try await workers[0].line(containing: "notifications cannot be sent")

            await holder.close()
            try await watch.until(
                "the end of all jobs",
                "SELECT count(*)::int FROM provisioner_jobs WHERE completed_at IS NULL",
                is: 0
            )
            try await fleet.run("presets", "invalidate", "process-local")
            // The server answers after it has truncated the queue.
            let usage = Statement("test.usage", within: .seconds(300), "SELECT pg_notification_queue_usage()")
            _ = try await watch.until("an empty queue of notifications", within: .seconds(300)) {
                try await watch.store.pool.execute(usage)[0].decode(Double.self) < 0.5 ? true : nil
            }
            try await watch.until("the pool", ready, is: 2)

            // Each reports this with its next notification.
            let refused = workers.filter { $0.hasSaid("notifications cannot be sent") }
            while !refused.allSatisfy({ $0.hasSaid("notifications are sent again") }) {
                number += 1
                try await fleet.run("claim", "process-local", "--owner", "ada", "--name", "box-\(number)", "--wait")
                try await fleet.run("workspaces", "delete", "box-\(number)", "--owner", "ada")
            }
        }
        for worker in workers {
            worker.send(.interrupt)
            #expect(try await worker.exit().isSuccess)
        }
    }

    /// Sends until the server refuses: every notification takes a page of the queue's 8 GB.
    private func fill(_ url: String) async throws {
        let session = try PostgresSession(PostgresConfiguration(url), logger: Self.quiet)
        let send = Statement(
            "test.fill",
            within: .seconds(120),
            """
            SELECT set_config('synchronous_commit', 'off', true), count(pg_notify('hole', random()::text || repeat('x', 7900)))
            FROM generate_series(1, 5000)
            """
        )
        let error = await #expect(throws: PostgresError.self) {
            while true { _ = try await session.execute(send) }
        }
        #expect(error?.sqlState == SQLState("54000"))
        await session.close()
    }
}

extension RunningProcess {
    fileprivate func hasSaid(_ words: String) -> Bool { lines.contains { $0.text.contains(words) } }
}
