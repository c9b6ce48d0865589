// SPDX-License-Identifier: Apache-2.0

import PostgresClient
import Store
import TestSupport

extension Fleet {
    /// Waits until the condition is true. The server looks, for what happens there and tells nobody.
    func until(_ condition: String) async throws {
        try await sql(
            .init(
                trusted: """
                    DO $$
                    BEGIN
                        WHILE NOT (\(condition)) LOOP
                            PERFORM pg_sleep(0.01);
                            PERFORM pg_stat_clear_snapshot();
                        END LOOP;
                    END $$
                    """
            )
        )
    }

    /// Payloads of notifications that are sent to the channel from now on, until the test's end.
    func listen(to channel: String) async throws -> TestSignal<String> {
        let listener = PostgresListener(
            configuration: PostgresConfiguration(TestDatabase.current.connectionString),
            channels: [channel],
            logger: .silent
        )
        let payloads = TestSignal<String>()
        let isListening = TestSignal<Void>()
        Task {
            for await event in listener.events {
                switch event {
                case .listening: isListening.send()
                case .notification(_, let payload): payloads.send(payload)
                case .reconnected: break
                }
            }
        }
        Task { try await listener.run() }
        try await isListening.next("LISTEN")
        return payloads
    }
}
