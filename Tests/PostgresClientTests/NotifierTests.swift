// SPDX-License-Identifier: Apache-2.0

import PostgresClient
import TestSupport
import Testing

/// Notifications of statements are sent after their commit, and their failure does not affect the statements.
@Suite(.timeLimit(.minutes(1)))
struct NotifierTests {
    /// A pool, and what is sent to a channel of the test's own.
    private func withPool(
        _ body: (PostgresPool, _ channel: String, TestSignal<String>) async throws -> Void
    ) async throws {
        let configuration = try await PostgresConfiguration.shared()
        let channel = "test_\(UInt64.random(in: .min ... .max))"
        let listener = PostgresListener(configuration: configuration, channels: [channel], logger: quiet)
        let (heard, isListening) = (TestSignal<String>(), TestSignal<Void>())
        let reading = Task {
            for await event in listener.events {
                switch event {
                case .listening, .reconnected: isListening.send()
                case .notification(_, let payload): heard.send(payload)
                }
            }
        }
        let listening = Task { try await listener.run() }
        defer {
            listening.cancel()
            reading.cancel()
        }
        try await isListening.next("LISTEN")
        let pool = PostgresPool(configuration, size: 4, logger: quiet)
        try await body(pool, channel, heard)
        await pool.close()
    }

    @Test func `news are sent when their statement is committed, and are no column of its rows`() async throws {
        try await withPool { pool, channel, heard async throws in
            let rows = try await pool.execute(
                Statement("test.tell", "SELECT 7::int4, ARRAY[\(channel) || ' alone']::text[] AS news")
            )
            #expect(try rows[0].decode(Int32.self) == 7)
            #expect(try await heard.next("the news of a statement") == "alone")
            try await pool.withTransaction("test") { transaction in
                _ = try await transaction.execute(
                    Statement("test.tell", "SELECT ARRAY[\(channel) || ' first']::text[] AS news")
                )
                // The transaction is still open: this is sent before its notifications.
                _ = try await pool.execute(
                    Statement("test.tell", "SELECT ARRAY[\(channel) || ' between']::text[] AS news")
                )
                #expect(try await heard.next("the news of another session") == "between")
            }
            #expect(try await heard.next("the news of the transaction") == "first")
        }
    }

    @Test func `what is rolled back is not told`() async throws {
        try await withPool { pool, channel, heard async throws in
            struct ChangedMind: Error {}
            await #expect(throws: ChangedMind.self) {
                try await pool.withTransaction("test") { transaction in
                    _ = try await transaction.execute(
                        Statement("test.tell", "SELECT ARRAY[\(channel) || ' never']::text[] AS news")
                    )
                    throw ChangedMind()
                }
            }
            _ = try await pool.execute(Statement("test.tell", "SELECT ARRAY[\(channel) || ' next']::text[] AS news"))
            #expect(try await heard.next("the news after it") == "next")
        }
    }

    @Test func `many news of a channel are sent as few`() async throws {
        try await withPool { pool, channel, heard async throws in
            pool.notifier.tell((0..<1000).map { "\(channel) \($0)" })
            #expect(try await heard.next("one for all") == "")
            pool.notifier.coalesce(channel) { Int($0) ?? 0 < Int($1) ?? 0 ? $0 : $1 }
            pool.notifier.tell((5..<1000).map { "\(channel) \($0)" })
            #expect(try await heard.next("the least") == "5")
        }
    }

    @Test(.database(.currentSchema, publishers: Publisher.broken))
    func `a refusal costs neither the session nor whoever closes`() async throws {
        var configuration = PostgresConfiguration(TestDatabase.current.connectionString)
        configuration.applicationName = "refused"
        var timing = PostgresNotifier.Timing()
        timing.pauseAfterFailure = .seconds(3600)
        let notifier = PostgresNotifier(configuration, timing: timing, logger: quiet)
        notifier.tell(["somewhere"])
        let watch = try await PostgresSession.test()
        while notifier.failure == nil { try await watch.run("SELECT pg_sleep(0.002)") }
        #expect(notifier.failure?.sqlState != nil)
        // At rest, until the next notification.
        try await watch.until(
            "EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'refused' AND state = 'idle')"
        )
        // It rests for an hour, and the test for a minute at most.
        await notifier.close()
        await watch.close()
    }

    @Test func `closing a pool sends what is left, and ends in time when nothing can be sent`() async throws {
        try await withPool { pool, channel, heard async throws in
            pool.notifier.tell(["\(channel) last"])
            await pool.close()
            #expect(try await heard.next("the last news") == "last")
        }
        let nowhere = PostgresPool(PostgresConfiguration("host=127.0.0.1 port=1"), size: 1, logger: quiet)
        nowhere.notifier.tell(["somewhere"])
        await nowhere.close()
        #expect(nowhere.notifier.failure?.kind == .connection)
    }
}
