// SPDX-License-Identifier: Apache-2.0

package import Logging

/// The events that a ``PostgresListener`` yields.
package enum ListenerEvent: Hashable, Sendable {
    /// The first `LISTEN` took effect: what is sent from now on arrives.
    case listening
    case notification(channel: String, payload: String)
    /// Notifications may have been lost, because the connection was lost or the reader is too slow. They arrive again
    /// from now on; the reader must poll once for what it missed.
    case reconnected
}

/// Listens to channels on a connection of its own, for as long as ``run()`` runs.
///
/// > Warning: Without ``run()`` nothing arrives. The connection must be direct: a pooler in transaction mode forgets LISTEN.
///
/// The listener does not trust a quiet connection: after ``Timing/heartbeat`` without a notification it notifies
/// itself, and reconnects when that does not arrive. When the server refuses to notify, the listener asks whether the
/// session still listens. It reconnects for ever, with a back-off with jitter, and closes the old connection first, so
/// that it uses one backend at a time.
package struct PostgresListener: Sendable {
    /// How often and how long; tests use shorter times.
    package struct Timing: Sendable {
        /// The silence after which the listener notifies itself.
        package var heartbeat: Duration = .seconds(15)
        /// The time-out of its own notification.
        package var heartbeatTimeout: Duration = .seconds(5)
        /// The time-out of connecting and `LISTEN`.
        package var listenTimeout: Duration = .seconds(86_400)
        /// The pause after the first failed connection; it doubles up to ``longestPause``.
        package var shortestPause: Duration = .milliseconds(100)
        package var longestPause: Duration = .seconds(5)

        package init() {}
    }

    /// The events, for one reader. At most 1,024 wait; when there are more, the oldest are dropped, and `.reconnected`
    /// reports it.
    package let events: AsyncStream<ListenerEvent>

    private let continuation: AsyncStream<ListenerEvent>.Continuation
    private let configuration: PostgresConfiguration
    private let channels: [String]
    private let timing: Timing
    private let logger: Logger
    /// The session has no other user.
    private let heartbeatChannel = "stoker_heartbeat_\(UInt64.random(in: .min ... .max))"

    package init(
        configuration: PostgresConfiguration,
        channels: [String],
        timing: Timing = Timing(),
        bufferSize: Int = 1024,
        logger: Logger
    ) {
        self.configuration = configuration
        self.channels = channels
        self.timing = timing
        self.logger = logger
        (events, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(bufferSize))
    }

    /// Listens until the task is canceled; then throws `CancellationError` and ends ``events``.
    package func run() async throws {
        defer { continuation.finish() }
        var hasListened = false
        var pause = timing.shortestPause
        while true {
            do {
                let session = try PostgresSession(configuration, logger: logger)
                do {
                    try await listen(on: session)
                    continuation.yield(hasListened ? .reconnected : .listening)
                    hasListened = true
                    pause = timing.shortestPause
                    try await forward(from: session)
                } catch {
                    await session.close()
                    throw error
                }
            } catch let error as PostgresError {
                logger.warning("listening failed; connecting again", metadata: ["pg.error": "\(error)"])
            }
            try await Task.sleep(for: pause * Double.random(in: 0.5...1.5))
            pause = min(pause * 2, timing.longestPause)
        }
    }

    /// Begins to listen. When the queue of notifications is long, the server reads all of it first, however long that
    /// takes. A session that hung up would leave the server reading, and the next one would begin again.
    private func listen(on session: PostgresSession) async throws {
        let statements = (channels + [heartbeatChannel]).map { channel in
            Statement("listener.listen", within: timing.listenTimeout, "LISTEN \(identifier: channel)")
        }
        _ = try await session.executeBatch(statements)
    }

    /// Passes notifications on, until the connection fails.
    private func forward(from session: PostgresSession) async throws {
        while true {
            let arrived = try await session.notifications(within: timing.heartbeat)
            if arrived.isEmpty {
                try await checkHeartbeat(of: session)
            } else {
                deliver(arrived)
            }
        }
    }

    /// Throws when a notification to itself does not reach the session.
    func checkHeartbeat(of session: PostgresSession) async throws {
        let limit = timing.heartbeatTimeout
        let beat = Statement("listener.heartbeat", within: limit, "SELECT pg_notify(\(heartbeatChannel), '')")
        do {
            _ = try await session.execute(beat)
        } catch is PostgresError where session.condition.phase == .idle {
            // Refused, or its queue is full. What is sent nevertheless arrives, as long as the session listens.
            return try await checkListening(session)
        }
        let arrived = try await session.notifications(within: limit)
        guard !arrived.isEmpty else { throw PostgresError.deaf(after: limit) }
        deliver(arrived)
    }

    private func checkListening(_ session: PostgresSession) async throws {
        let limit = timing.heartbeatTimeout
        let check = Statement(
            "listener.check",
            within: limit,
            "SELECT EXISTS (SELECT FROM pg_listening_channels() c WHERE c = \(heartbeatChannel))"
        )
        guard try await session.execute(check).first?.decode(Bool.self) == true else {
            throw PostgresError.deaf(after: limit)
        }
    }

    private func deliver(_ notifications: [Notification]) {
        var hasDropped = false
        for notification in notifications where notification.channel != heartbeatChannel {
            let event = ListenerEvent.notification(channel: notification.channel, payload: notification.payload)
            if case .dropped = continuation.yield(event) { hasDropped = true }
        }
        if hasDropped { continuation.yield(.reconnected) }
    }
}

extension PostgresError {
    fileprivate static func deaf(after limit: Duration) -> Self {
        Self(
            .connection,
            "the listener's own notification did not arrive within \(limit)",
            remedy: "Let database.listen_url lead to the server itself, not to a pooler."
        )
    }
}
