// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import Operations
import ServiceLifecycle
import Store

/// The one stream of a page: the page's content again whenever it has changed, as server-sent events.
///
/// An event's id is the fingerprint of the content, and for a job also the last line of its log. A browser that was
/// disconnected sends it as `Last-Event-ID`, and gets only what it has not seen.
extension ConsoleRoutes {
    /// How often a page is looked at.
    private static let pace = Duration.seconds(2)
    /// The same where a log grows.
    private static let logPace = Duration.milliseconds(500)

    @Sendable func follow(_ request: Request, _ connection: ServerRequestContext) async throws -> Response {
        let admitted = try await admit(request, connection)
        let asked = ConsoleAddress(request.uri.string)
        let address = ConsoleAddress(asked["page"] ?? "/")
        guard let (page, names) = ConsolePages.find(address.path) else { throw Problem.noSuchPath }
        let place = try streams.open(for: admitted.caller.identity)
        let seen = PageMark(request.headers[.lastEventID] ?? asked["seen"] ?? "")
        try await connection.channel.limitUnacknowledged(to: .seconds(30))
        return Response { writer in
            defer { place.release() }
            var reader = PageReader(routes: self, page: page, address: address, names: names, seen: seen)
            try await writer.write(ByteBuffer(string: "retry: 1000\n\n"))
            // A stopping server does not wait for pages: they go on with another one.
            while !Task.isShuttingDownGracefully {
                let news = try await reader.news(for: admitted.session)
                // Without news it is a keep-alive, which also detects that the browser is gone.
                for event in news.isEmpty ? [ByteBuffer(string: ":\n\n")] : news { try await writer.write(event) }
                guard !reader.hasEnded else { return }
                let pace = page is any LoggedPage.Type ? Self.logPace : Self.pace
                await cancelWhenGracefulShutdown { try? await Task.sleep(for: pace) }
            }
        }
    }

    /// The whole log as a file, page by page as it is read.
    @Sendable func download(_ request: Request, _ connection: ServerRequestContext) async throws -> Response {
        let address = ConsoleAddress(request.uri.string)
        let visit = try await visit(try await admit(request, connection), address, connection)
        let job = try JobPage.job(visit)
        _ = try await visit.ask(ShowJob(job: job))
        let body = ResponseBody { writer in
            var cursor: String?
            repeat {
                let page = try await visit.ask(ReadLog(job: job, limit: 1_000, cursor: cursor))
                let text = page.elements.map { "\($0.at) \($0.output)\n" }.joined()
                if !text.isEmpty { try await writer.write(ByteBuffer(string: text)) }
                cursor = page.next
            } while cursor != nil
            try await writer.finish(nil)
        }
        let headers: HTTPFields = [
            .contentType: "text/plain; charset=utf-8", .contentDisposition: "attachment; filename=\"\(job).log\"",
            .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
        ]
        return Response(status: .ok, headers: headers, body: body)
    }
}

/// Looks at a page again and again for one browser.
private struct PageReader {
    let routes: ConsoleRoutes
    let page: any ConsolePage.Type
    let address: ConsoleAddress
    let names: [String: String]
    var seen: PageMark
    /// Whether there is nothing more to tell.
    var hasEnded = false

    private struct News: Encodable {
        let title: String
        let main: String
    }

    /// The events since the last look. The caller's session and role are looked at each time.
    mutating func news(for session: TokenSecret) async throws -> [ByteBuffer] {
        do {
            guard let caller = try await routes.sessions.caller(session) else {
                hasEnded = true
                return [try ByteBuffer(event: "event: ended", data: "The session has ended.")]
            }
            let admitted = ConsoleRoutes.Admitted(session: session, caller: caller)
            return try await look(try await routes.visit(admitted, address, names: names))
        } catch {
            guard let problem = Problem(error) else { throw error }
            // What is gone stays gone; the rest passes.
            guard problem.status == .notFound else { return [] }
            hasEnded = true
            return [try ByteBuffer(event: "event: gone", data: problem.detail ?? problem.title)]
        }
    }

    private mutating func look(_ visit: ConsoleVisit) async throws -> [ByteBuffer] {
        let page = page.init()
        let content = try await page.content(visit)
        var events: [ByteBuffer] = []
        let fingerprint = ConsoleFrame.fingerprint(content.main)
        if fingerprint != seen.fingerprint {
            seen.fingerprint = fingerprint
            let news = News(title: content.title, main: content.main.html)
            events.append(try ByteBuffer(event: "id: \(seen.text)", "event: page", data: news))
        }
        // A part of a long log at a time, so that the rest of the page is not late.
        if let page = page as? any LoggedPage {
            let lines = try await page.lines(visit, after: seen.line)
            if let last = lines.last {
                seen.line = last.id
                let drawn = lines.map(\.drawn.html).joined()
                events.append(try ByteBuffer(event: "id: \(seen.text)", "event: log", data: drawn))
            }
        }
        return events
    }
}
