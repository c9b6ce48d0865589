// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PostgresClient
import Store
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// The sender is killed at the worst moment: the receiver has the request, but the database does not know it yet.
@Suite struct SenderKillTests {
    private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    /// STOKER_TEST_KILLS says how often; 50 take about a minute and a half.
    private static let kills = ProcessInfo.processInfo.environment["STOKER_TEST_KILLS"].flatMap { Int($0) } ?? 4
    private static let eventsEach = 3

    @Test(.database, .timeLimit(.minutes(6)))
    func `a sender killed between send and record loses nothing, and repeats with the same id`() async throws {
        let receiver = try await WebhookReceiver.start(secrets: [Self.secret])
        let fleet = try await Fleet()
        try await fleet.run("migrate")
        try await fleet.run("webhooks", "add", "hook", receiver.url("/ok"), "--secret", Self.secret)
        try await DatabaseWatch.on(fleet.database) { watch in
            for kill in 1...Self.kills {
                try await killBetweenSendAndRecord(kill, fleet, watch, receiver)
                // Its leases end.
                _ = try await watch.column(
                    """
                    UPDATE webhook_deliveries SET lease_expires_at = now() - interval '1 second' WHERE status = 'leased'
                    RETURNING id::text
                    """
                )
            }
            let last = try await fleet.worker("last")
            let events = Self.kills * Self.eventsEach
            _ = try await watch.until("all are sent") {
                try await watch.number("SELECT count(*)::int FROM webhook_deliveries WHERE status = 'sent'") >= events
                    ? true : nil
            }
            last.send(.terminate)
            _ = try await last.exit()
            #expect(try await watch.number("SELECT count(*)::int FROM webhook_deliveries WHERE status <> 'sent'") == 0)

            let ids = Set(try await watch.column("SELECT id::text FROM webhook_deliveries"))
            let requests = try receiver.received
            #expect(requests.allSatisfy { $0.verified })
            // None lost, none invented.
            #expect(Set(requests.compactMap { $0.headers["webhook-id"] }) == ids)
            let bodies = Dictionary(grouping: requests) { $0.headers["webhook-id"] }.mapValues {
                Set($0.map(\.body)).count
            }
            #expect(bodies.values.allSatisfy { $0 == 1 })
            // Every kill caused at least one duplicate: it hit the intended moment.
            #expect(requests.count >= ids.count + Self.kills)
        }
    }

    private func killBetweenSendAndRecord(
        _ kill: Int,
        _ fleet: Fleet,
        _ watch: DatabaseWatch,
        _ receiver: WebhookReceiver
    ) async throws {
        let worker = try await fleet.worker("sender-\(kill)")
        _ = try await worker.line(containing: "worker started")
        let before = try receiver.received.count
        try await watch.store.pool.withTransaction("test.block") { transaction in
            // Recording locks the endpoint's row, so it waits for this transaction; sending does not.
            _ = try await transaction.execute(
                Statement("test.lock", "SELECT 1 FROM webhook_endpoints FOR NO KEY UPDATE")
            )
            _ = try await watch.store.pool.execute(
                Statement(
                    "test.emit",
                    """
                    SELECT stoker_emit_event('pool_depleted', NULL, '{}', '{}', '{}', '{}', 's/' || \(kill) || '/' || n,
                        NULL, now())
                    FROM generate_series(1, \(Self.eventsEach)) n
                    """
                )
            )
            _ = try await receiver.requests(before + 1)
            worker.send(.kill)
            _ = try await worker.exit()
        }
    }
}
