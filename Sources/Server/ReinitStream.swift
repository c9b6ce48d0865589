// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import NIOCore
import Store

/// The server-sent events (WHATWG HTML, "Server-sent events") for one waiting agent: `reinit`, with the claim build's
/// id, as long as the agent listens.
///
/// Each claim build is sent once, to the first connection after it, and again to an agent that connects anew and is not
/// known to have heard it. It is known when the agent says so, by `Last-Event-ID` or with a report; when it closed the
/// connection properly after the event was sent; or when the connection stayed open for a while after that, which it
/// only does if the other side acknowledges the bytes.
struct ReinitStream: Sendable {
    let store: Store
    let hub: ReinitHub
    let token: AgentTokenHash
    /// The last event that the agent says it has heard; `nil`: it does not say.
    let heard: String?

    /// How long bytes may stay unacknowledged before the connection is closed.
    private static let unacknowledged = Duration.seconds(30)
    /// How long a connection must stay open for a sent event to count as received.
    private static let settled = Duration.seconds(75)

    func response(to agent: AgentIdentity, on channel: any NIOCore.Channel) async throws -> Response {
        // This comes before the look, so that a claim between the two is not missed.
        let signals = hub.signals(for: token, of: agent.workspaceID)
        let missed = try await store.missedReinit(of: token, heard: heard)
        try await channel.limitUnacknowledged(to: Self.unacknowledged)
        let hangUp = try await HangUpWatch.on(channel)
        return Response { writer in
            let (heard, feed) = AsyncStream.makeStream(of: ReinitHub.Signal.self)
            let feeding = Task {
                for await signal in signals { feed.yield(signal) }
                feed.finish()
            }
            defer { feeding.cancel() }
            let registration = hangUp.whenEnded { feed.finish() }
            defer { registration.release() }
            var sent = Sent()
            do {
                try await tell(heard, missed, &sent, &writer)
                if hangUp.hasHungUp { try await acknowledge(sent) }
            } catch {
                if hangUp.hasHungUp { try await acknowledge(sent) }
                throw error
            }
        }
    }

    /// The events that were sent on this connection, with their times, until they are known to have been heard.
    private struct Sent: Sendable {
        var reinit: Reinit?
        var at = ContinuousClock.now
    }

    @concurrent
    private func tell(
        _ signals: AsyncStream<ReinitHub.Signal>,
        _ missed: Reinit?,
        _ sent: inout Sent,
        _ writer: inout any ResponseBodyWriter
    ) async throws {
        try await writer.write(ByteBuffer(string: ": waiting\nretry: 1000\n\n"))
        if let missed { try await tell(missed, again: true, &sent, &writer) }
        for await signal in signals {
            switch signal {
            case .claimed(let reinit): try await tell(reinit, again: false, &sent, &writer)
            case .alive:
                try await writer.write(ByteBuffer(string: ": alive\n\n"))
                if sent.reinit != nil, sent.at.duration(to: .now) > Self.settled {
                    try await acknowledge(sent)
                    sent.reinit = nil
                }
            }
        }
    }

    @concurrent
    private func tell(
        _ reinit: Reinit,
        again: Bool,
        _ sent: inout Sent,
        _ writer: inout any ResponseBodyWriter
    ) async throws {
        // They are tasks of their own, so that a disconnecting agent does not cancel the record.
        let isOurs = try await Task { try await store.takeReinit(reinit, for: token, again: again) }.value
        guard isOurs else { return }
        do {
            try Task.checkCancellation()
            try await writer.write(ByteBuffer(event: "id: \(reinit.buildID)", "event: reinit", data: reinit))
            sent = Sent(reinit: reinit, at: .now)
        } catch {
            try await Task { try await store.returnReinit(reinit, for: token) }.value
            throw error
        }
    }

    private func acknowledge(_ sent: Sent) async throws {
        guard let reinit = sent.reinit else { return }
        try await Task { try await store.acknowledgeReinit(reinit.buildID, by: token) }.value
    }
}
