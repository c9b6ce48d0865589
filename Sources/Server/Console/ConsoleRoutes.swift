// SPDX-License-Identifier: Apache-2.0

import CurlClient
import HTTPTypes
package import Hummingbird
package import Operations
import Store

/// The console: pages for people, drawn here, with what the caller may see and do by the operations of the API.
package struct ConsoleRoutes: RouteSet {
    let context: OperationContext
    let sessions: ConsoleSessions
    let limiter: RateLimiter
    let streams: OpenStreams
    let cache = ConsoleCache()

    /// - Parameters:
    ///   - context: The context of operations; each request adds its caller.
    ///   - isSecure: Whether the console is reached over TLS alone.
    package init(
        context: OperationContext,
        authenticator: Authenticator,
        limiter: RateLimiter,
        streams: OpenStreams = OpenStreams(),
        isSecure: Bool = false
    ) {
        self.context = context
        self.limiter = limiter
        self.streams = streams
        sessions = ConsoleSessions(store: context.store, authenticator: authenticator, isSecure: isSecure)
    }

    package func add(to router: Router<ServerRequestContext>) {
        for page in ConsolePages.all {
            let path = RouterPath(page.path)
            router.get(path) { try await show(page, $0, $1) }
            router.on(path, method: .head) { try await show(page, $0, $1).createHeadResponse() }
        }
        router.get("/sign-in") { request, _ in signIn(request) }
        router.post("/sign-in", use: begin)
        router.post("/sign-out", use: end)
        router.post("/do/{operation}", use: perform)
        router.get("/live", use: follow)
        router.get("/jobs/{job}/log", use: download)
        for (name, asset) in ConsoleAsset.all {
            let path = RouterPath("/assets/\(name)")
            router.get(path) { request, _ in asset.response(to: request) }
            router.on(path, method: .head) { request, _ in asset.response(to: request).createHeadResponse() }
        }
    }

    private func show(
        _ page: any ConsolePage.Type,
        _ request: Request,
        _ connection: ServerRequestContext
    ) async throws -> Response {
        let address = ConsoleAddress(request.uri.string)
        do {
            let session = try await admit(request, connection)
            let visit = try await visit(session, address, connection)
            let page = page.init()
            let content = try await page.content(visit)
            let lines = try await (page as? any LoggedPage)?.lines(visit, after: 0) ?? []
            return ConsoleFrame(visit.caller, visit.formToken, type(of: page).area)
                .response(content, of: address, lines: lines)
        } catch {
            return try refuse(error, request, address)
        }
    }

    /// Whoever is not signed in signs in first and comes back; other errors become a page.
    private func refuse(_ error: any Error, _ request: Request, _ address: ConsoleAddress) throws -> Response {
        guard let problem = Problem(error) else { throw error }
        guard problem.status == .unauthorized else { return ConsoleFrame.response(problem) }
        // A link on another site: the browser sends the cookie only when this site asks.
        if request.headers[.secFetchSite] == "cross-site", ConsoleSessions.session(request.headers) == nil {
            return ConsoleFrame.again(address)
        }
        let asked = address.text == "/" ? [] : [(name: "to", value: address.text)]
        return Response.seeOther(ConsoleAddress("/sign-in", asked).text)
    }
}

// MARK: - Callers

extension ConsoleRoutes {
    /// A signed-in caller, and the text of the session.
    struct Admitted: Sendable {
        let session: TokenSecret
        let caller: Caller
    }

    /// Throws a problem when nobody is signed in, or there are too many requests.
    func admit(_ request: Request, _ connection: ServerRequestContext) async throws -> Admitted {
        guard let session = ConsoleSessions.session(request.headers) else {
            throw Problem(.unauthenticated, "Nobody is signed in.")
        }
        let holder = limiter.holder(of: session.hash) ?? .address(connection.address)
        try limiter.take(holder)
        guard let caller = try await sessions.caller(session) else {
            limiter.forget(session.hash)
            throw Problem(.unauthenticated, "The session has ended.")
        }
        limiter.know(session.hash, as: .caller(caller.identity))
        return Admitted(session: session, caller: caller)
    }

    func visit(
        _ admitted: Admitted,
        _ address: ConsoleAddress,
        _ connection: ServerRequestContext
    ) async throws -> ConsoleVisit {
        let names = Dictionary(connection.parameters.map { (String($0.key), String($0.value)) }) { $1 }
        return try await visit(admitted, address, names: names)
    }

    func visit(_ admitted: Admitted, _ address: ConsoleAddress, names: [String: String]) async throws -> ConsoleVisit {
        var context = context
        context.caller = admitted.caller
        context.origin = .console
        return ConsoleVisit(
            context: context,
            address: address,
            names: names,
            formToken: ConsoleSessions.formToken(admitted.session),
            now: try await context.store.now(),
            cache: cache
        )
    }
}

extension Response {
    /// The browser goes on there, with GET.
    static func seeOther(_ path: String, headers: HTTPFields = [:]) -> Response {
        var headers = headers
        headers[.location] = path
        headers[.cacheControl] = "no-store"
        return Response(status: .seeOther, headers: headers)
    }
}

extension HTTPField.Name {
    static let secFetchSite = Self(known: "Sec-Fetch-Site")
}
