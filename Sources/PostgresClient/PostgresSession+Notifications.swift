// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A notification (`NOTIFY`) that has arrived.
struct Notification: Hashable, Sendable {
    let channel: String
    let payload: String
}

extension PostgresSession {
    /// The notifications that have arrived, or that arrive within the limit.
    ///
    /// Throws ``PostgresError`` of kind `.connection` as soon as the server hangs up.
    nonisolated func notifications(within limit: Duration) async throws -> [Notification] {
        try await interruptible { try await self.awaitNotifications(within: limit, $0) }
    }

    private func awaitNotifications(within limit: Duration, _ ticket: Ticket) throws -> [Notification] {
        let deadline = Deadline(.now + limit, ticket)
        let connection = try connected(deadline)
        while true {
            var arrived: [Notification] = []
            while let notification = connection.nextNotification() { arrived.append(notification) }
            guard arrived.isEmpty else { return arrived }
            switch wait(for: POLLIN, on: connection.socket, deadline) {
            case .ready:
                guard connection.consumeInput() else {
                    let reason = connection.errorMessage
                    drop()
                    throw PostgresError.hungUp(reason)
                }
            case .over(.deadline): return []
            case .over(.canceled): throw CancellationError()
            }
        }
    }
}

extension PostgresError {
    fileprivate static func hungUp(_ reason: String) -> Self {
        Self(
            .connection,
            "the connection to the database was lost: \(reason.onOneLine)",
            remedy: "Start the server, or look into its log."
        )
    }
}
