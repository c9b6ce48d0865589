// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import Hummingbird
import NIOCore
import Operations
import ServiceLifecycle
import Store

/// A job's log as server-sent events: one for each line, with its id, and the job itself as the event `end`.
///
/// A client that was disconnected sends the last id as `Last-Event-ID`, as browsers do, and misses nothing.
struct LogStream: Sendable {
    private struct Asked: Decodable {
        let job: JobID
        let cursor: String?
    }

    private let job: JobID
    private let line: Int64
    private let context: OperationContext
    private let place: Held

    init(_ fields: Data, _ context: OperationContext, _ place: Held) throws {
        let asked = try JSONDecoder().decode(Asked.self, from: fields)
        job = asked.job
        line = try asked.cursor.map(FollowLog.line) ?? 0
        self.context = context
        self.place = place
    }

    /// Throws when there is no such job for the caller.
    func response(on channel: any NIOCore.Channel) async throws -> Response {
        _ = try await context.store.job(job, visibleTo: context.caller.audience)
        let hangUp = try await HangUpWatch.on(channel)
        return Response { [self] writer in
            defer { place.release() }
            let (events, feed) = AsyncStream.makeStream(of: ByteBuffer.self)
            let following = Task { await follow(feed) }
            defer { following.cancel() }
            let registration = hangUp.whenEnded { feed.finish() }
            defer { registration.release() }
            for await event in events { try await writer.write(event) }
        }
    }

    /// Unread lines are buffered; a job's log is limited.
    private func follow(_ feed: AsyncStream<ByteBuffer>.Continuation) async {
        defer { feed.finish() }
        do {
            let ended = try await context.follow(job, after: line) { line in
                // A stopping server does not wait for logs to end: the client continues on another one.
                guard !Task.isShuttingDownGracefully else { throw CancellationError() }
                if line == nil { try await context.requireActiveCaller() }
                feed.yield(try line.map { try ByteBuffer(event: "id: \($0.id)", data: $0) } ?? Self.beat)
            }
            feed.yield(try ByteBuffer(event: "event: end", data: ended))
        } catch {
            // Without the event `end`, the log is not complete: the client reconnects.
        }
    }

    /// A keep-alive, which also detects that the client is gone.
    private static let beat = ByteBuffer(string: ":\n\n")
}
