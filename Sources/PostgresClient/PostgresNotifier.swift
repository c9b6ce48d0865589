// SPDX-License-Identifier: Apache-2.0

package import Logging
import Metrics
import Synchronization

/// Sends notifications (`NOTIFY`) of what has been committed, on a connection of its own: one for all sessions of a process.
///
/// A transaction that notifies holds a lock of the whole cluster while it commits, and fails when the server's queue of
/// notifications is full. So no transaction that writes notifies. Its statements return their notifications in a last
/// column named `news`, and after the commit their session hands them to this notifier. The notifier coalesces them and
/// sends them in one statement: at once after a pause, and then every few milliseconds. Notifications are advice: one
/// that cannot be sent is counted and dropped, and its reader finds the work by polling
/// (Documentation/Decisions/0010-notifications-apart-from-the-work.md).
package final class PostgresNotifier: Sendable {
    /// How often and how long; tests use shorter times.
    package struct Timing: Sendable {
        /// The least time between two statements.
        package var pause: Duration = .milliseconds(5)
        /// The pause after one that failed.
        package var pauseAfterFailure: Duration = .seconds(1)
        /// The least time between two questions how full the server's queue is.
        package var pauseOfQuestions: Duration = .seconds(60)
        /// How long a statement may take, and how long ``PostgresNotifier/close()`` waits for the last.
        package var limit: Duration = .seconds(2)

        package init() {}
    }

    /// Merges two payloads of a channel into one that covers both.
    package typealias Merge = @Sendable (String, String) -> String

    /// The number of payloads of a channel that are sent one by one. When there are more, one empty payload stands for
    /// all.
    static let payloadLimit = 64

    fileprivate struct State {
        var gathered: [String: Set<String>] = [:]
        var merges: [String: Merge] = [:]
        /// Runs while there is something to send, and for one pause after that.
        var sender: Task<Void, Never>?
        var pause: Task<Void, Never>?
        var session: PostgresSession?
        /// Asks how full the server's queue is, for as long as the server takes to answer.
        var asking: Task<Void, Never>?
        /// When it was last asked.
        var askedAt: ContinuousClock.Instant?
        var queueUsage: Double?
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

    /// Takes notifications to be sent; never blocks.
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

    /// Sends what is queued, within ``Timing/limit``, and closes the connection. Notifications that come later are
    /// dropped.
    package func close() async {
        let sender = state.withLock { state in
            state.isClosed = true
            state.pause?.cancel()
            state.asking?.cancel()
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

    /// How much of the server's queue of notifications is full, from 0 to 1, when it was last asked; also asks again when
    /// that is some time ago. `nil`: there is no answer yet. While the server truncates a long queue, an answer takes
    /// minutes, so only one question is open at a time.
    package func queueUsage() -> Double? {
        state.withLock { state in
            guard state.asking == nil, !state.isClosed else { return nil }
            let now = ContinuousClock.now
            // A question needs a connection of its own, and after a failure the server must be asked at once.
            if state.failure != nil || state.askedAt.map({ $0.duration(to: now) >= timing.pauseOfQuestions }) ?? true {
                state.askedAt = now
                state.asking = Task { await ask() }
            }
            return state.queueUsage
        }
    }

    private func ask() async {
        var usage: Double?
        do {
            let session = try PostgresSession(configuration, logger: logger)
            usage = try? await session.execute(
                "notifier.queue_usage",
                within: .seconds(600),
                "SELECT pg_notification_queue_usage()"
            ).first?.decode(Double.self)
            await session.close()
        } catch {
            logger.debug("the server's queue of notifications could not be queried", metadata: ["pg.error": "\(error)"])
        }
        state.withLock { state in
            state.asking = nil
            state.queueUsage = usage
        }
    }

    // MARK: Sending

    private func send() async {
        while let (news, kept) = next() {
            var session = kept
            do {
                let ready = try session ?? PostgresSession(configuration, logger: logger)
                session = ready
                try await ready.notify(news, within: timing.limit)
                succeed(news.count, on: ready)
                await rest(timing.pause)
            } catch {
                fail(news.count, error)
                await keepOrClose(session)
                await rest(timing.pauseAfterFailure)
            }
        }
    }

    /// Ends early when the notifier is closed.
    private func rest(_ length: Duration) async {
        let pause = Task { _ = try? await Task.sleep(for: length) }
        let isClosed = state.withLock { state in
            state.pause = pause
            return state.isClosed
        }
        if isClosed { pause.cancel() }
        await pause.value
    }

    /// A session whose statement was refused can still be used.
    private func keepOrClose(_ session: PostgresSession?) async {
        guard let session else { return }
        let isKept = session.condition.isReusable
        state.withLock { $0.session = isKept ? session : nil }
        if !isKept { await session.close() }
    }

    /// The queued notifications and the session to send them on; `nil`: there are none, and the sender ends.
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

    /// Logs only the first of several failures in a row.
    private func fail(_ count: Int, _ error: any Error) {
        failed.increment(by: count)
        guard let error = error as? PostgresError else { return }
        let isFirst = state.withLock { state in
            defer { state.failure = error }
            return state.failure == nil
        }
        // The server truncates a full queue when a session asks for its usage.
        if error.sqlState == .programLimitExceeded { _ = queueUsage() }
        guard isFirst else { return }
        logger.warning(
            "notifications cannot be sent; polling finds the work instead, which takes longer",
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
    /// Its commit does not wait for the disk: a crash of the server also disconnects every listener.
    fileprivate nonisolated func notify(
        _ news: [(channel: String, payload: String)],
        within limit: Duration
    ) async throws {
        _ = try await execute(
            "notifier.send",
            within: limit,
            """
            SELECT set_config('synchronous_commit', 'off', true), count(pg_notify(n.channel, n.payload))
            FROM unnest(\(news.map(\.channel)), \(news.map(\.payload))) n(channel, payload)
            """
        )
    }
}
