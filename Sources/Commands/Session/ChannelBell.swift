// SPDX-License-Identifier: Apache-2.0

import Logging
import PostgresClient
import Store
import Worker

extension Doorbell {
    /// Runs the body with a bell that rings for what is sent to the channels, and when something may have been missed.
    ///
    /// - Parameter concerns: Whether a notification's payload is of interest.
    static func ringing<Result>(
        for channels: [String],
        of address: DatabaseAddress,
        where concerns: @escaping @Sendable (String) -> Bool = { _ in true },
        _ body: (Doorbell) async throws -> Result
    ) async throws -> Result {
        let bell = Doorbell()
        let listener = PostgresListener(
            configuration: address.directConfiguration,
            channels: channels,
            logger: Logger(label: "stoker", factory: { _ in SwiftLogNoOpLogHandler() })
        )
        // Both end when canceled; until then a failure to listen costs latency alone.
        let listening = Task { try await listener.run() }
        let ringing = Task {
            for await event in listener.events {
                if case .notification(_, let payload) = event, !concerns(payload) { continue }
                bell.ring()
            }
        }
        defer {
            listening.cancel()
            ringing.cancel()
        }
        return try await body(bell)
    }
}
