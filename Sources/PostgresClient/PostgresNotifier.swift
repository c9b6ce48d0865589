// SPDX-License-Identifier: Apache-2.0

package import Logging
import Metrics
import Synchronization

/// Sends notifications (`NOTIFY`) of what has been committed, on a connection of its own: one for all sessions of a process.
///
/// A transaction that notifies holds a lock of the whole cluster while it commits, and fails when the server's queue of
/// notifications is full. So no transaction that writes does: its statements return what there is to tell in a last column
/// named `news`, and after the commit their session hands it over here. What has gathered is sent in one statement, at once
/// when nothing was sent for a while, and then every few milliseconds. Notifications are advice: one that cannot be sent is
/// counted and dropped, and whoever waits for it looks by itself.
package final class PostgresNotifier: Sendable {
    /// How often and how long; tests use shorter times.
    package struct Timing: Sendable {
        /// The pause between two statements.
        package var pause: Duration = .milliseconds(5)
        /// The pause after one that failed.
        package var pauseAfterFailure: Duration = .seconds(1)
        /// How long a statement may take, and how long ``PostgresNotifier/close()`` waits for the last.
        package var limit: Duration = .seconds(2)

        package init() {}
    }

    /// Which of two payloads of a channel says enough for both.
    package typealias Merge = @Sendable (String, String) -> String

    /// So many payloads of a channel are sent one by one. Of more, one that is empty is: it concerns everybody.
    static let payloadLimit = 64

    fileprivate struct State {
        var gathered: [String: Set<String>] = [:]
        var merges: [String: Merge] = [:]
        /// Runs while there is something to send, and a pause longer.
        var sender: Task<Void, Never>?
        var session: PostgresSession?
        var isClosed = false
        /// Why the last statement failed.
        var failure: PostgresError?
    }

    private let configuration: PostgresConfiguration
    private let timing: Timing
    private let logger: Logger
    private let state = Mutex(State())
    private let sent = Counter(label: "stoker_notifications_sent_total")
    private let failed = Counter(label: "stoker_notifications_failed_total")

    /// Connects when there is something to send.
    package init(_ configuration: PostgresConfiguration, timing: Timing = Timing(), logger: Logger) {
        self.configuration = configuration
        self.timing = timing
        self.logger = logger
    }

    /// Why the last statement failed; `nil`: it did not.
    package var failure: PostgresError? { state.withLock(\.failure) }

    /// Has one payload of a channel sent in place of several.
    package func coalesce(_ channel: String, by merge: @escaping Merge) {
        state.withLock { $0.merges[channel] = merge }
    }

    /// Takes news to be sent; never blocks.
    ///
    /// - Parameter news: Each a channel, and behind a space its payload if there is one.
    package func tell(_ news: [String]) {
        state.withLock { state in
            guard !state.isClosed else { return }
            for text in news {
                let parts = text.split(separator: " ", maxSplits: 1)
                guard let channel = parts.first.map(String.init) else { continue }
                state.gather(parts.count > 1 ? String(parts[1]) : "", on: channel)
            }
            if state.sender == nil, !state.gathered.isEmpty { state.sender = Task { await send() } }
        }
    }

    /// Sends what has gathered, within ``Timing/limit``, and hangs up. What is told later is dropped.
    package func close() async {
        let sender = state.withLock { state in
            state.isClosed = true
            return state.sender
        }
        if let sender {
            let alarm = Task {
                do { try await Task.sleep(for: timing.limit) } catch { return }
                sender.cancel()
            }
            await sender.value
            alarm.cancel()
        }
        await state.withLock { $0.session.take() }?.close()
    }

    // MARK: Sending

    private func send() async {
        while let (news, session) = next() {
            do {
                let session = try session ?? PostgresSession(configuration, logger: logger)
                try await session.notify(news, within: timing.limit)
                succeed(news.count, on: session)
                await rest(timing.pause)
            } catch {
                fail(news.count, error)
                await session?.close()
                await rest(timing.pauseAfterFailure)
            }
        }
    }

    private func rest(_ pause: Duration) async {
        // Canceled: the notifier is closed, and what is left goes without a pause.
        try? await Task.sleep(for: pause)
    }

    /// What has gathered, and the session to send it on; `nil`: nothing has, and the sender ends.
    private func next() -> (news: [(channel: String, payload: String)], session: PostgresSession?)? {
        state.withLock { state in
            let isGivenUp = state.isClosed && (state.failure != nil || Task.isCancelled)
            guard !state.gathered.isEmpty, !isGivenUp else {
                state.gathered = [:]
                state.sender = nil
                return nil
            }
            let news = state.gathered.flatMap { channel, payloads in payloads.map { (channel, $0) } }
            state.gathered = [:]
            return (news, state.session.flatMap { $0.condition.isReusable ? $0 : nil })
        }
    }

    private func succeed(_ count: Int, on session: PostgresSession) {
        sent.increment(by: count)
        let failure = state.withLock { state in
            state.session = session
            return state.failure.take()
        }
        if failure != nil { logger.info("notifications are sent again") }
    }

    /// Logs the first failure of several: those after it say nothing new.
    private func fail(_ count: Int, _ error: any Error) {
        failed.increment(by: count)
        guard let error = error as? PostgresError else { return }
        let isFirst = state.withLock { state in
            defer { state.failure = error }
            state.session = nil
            return state.failure == nil
        }
        guard isFirst else { return }
        logger.warning(
            "notifications cannot be sent; what they tell of is found by polling, which takes longer",
            metadata: ["pg.error": "\(error)"]
        )
    }
}

extension PostgresNotifier.State {
    /// Adds a payload to those of its channel.
    mutating func gather(_ payload: String, on channel: String) {
        var payloads = gathered[channel] ?? []
        if let merge = merges[channel], let other = payloads.popFirst() {
            payloads = [merge(other, payload)]
        } else if payloads.count < PostgresNotifier.payloadLimit {
            payloads.insert(payload)
        } else {
            payloads = [""]
        }
        gathered[channel] = payloads.contains("") ? [""] : payloads
    }
}

extension PostgresSession {
    /// Sends notifications, in one statement and transaction.
    ///
    /// Its commit does not wait for the disk: what a crash of the server loses, the crash has told.
    fileprivate nonisolated func notify(
        _ news: [(channel: String, payload: String)],
        within limit: Duration
    ) async throws {
        _ = try await execute(
            Statement(
                "notifier.send",
                within: limit,
                """
                SELECT set_config('synchronous_commit', 'off', true), count(pg_notify(n.channel, n.payload))
                FROM unnest(\(news.map(\.channel)), \(news.map(\.payload))) n(channel, payload)
                """
            )
        )
    }
}
