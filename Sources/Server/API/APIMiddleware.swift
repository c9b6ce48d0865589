// SPDX-License-Identifier: Apache-2.0

import Basics
import FoundationEssentials
import HTTPTypes
package import Hummingbird
import NIOCore
package import Operations
import PostgresClient
import ServiceLifecycle
import Store

/// Serves the API: finds the route, authenticates and authorises the caller, and performs the operation.
///
/// The router answers all other paths.
package struct APIMiddleware: RouterMiddleware {
    package typealias Context = ServerRequestContext

    /// The context of operations; each request adds its caller.
    private let context: OperationContext
    private let authenticator: Authenticator
    private let limiter: RateLimiter
    /// The open streams: followed logs, and waiting operations.
    private let streams: OpenStreams

    package init(
        context: OperationContext,
        authenticator: Authenticator,
        limiter: RateLimiter,
        streams: OpenStreams = OpenStreams()
    ) {
        self.context = context
        self.authenticator = authenticator
        self.limiter = limiter
        self.streams = streams
    }

    package func handle(
        _ request: Request,
        context: ServerRequestContext,
        next: @concurrent (Request, ServerRequestContext) async throws -> Response
    ) async throws -> Response {
        guard let segments = Self.segments(of: request.uri.path) else { return try await next(request, context) }
        let matches = APIRoute.all.compactMap { route in route.match(segments).map { (route: route, path: $0) } }
        guard !matches.isEmpty else {
            try AgentRoutes.requireMethod(of: request, at: segments)
            do {
                return try await next(request, context)
            } catch let error as HTTPError where error.status == .notFound && error.body == nil {
                throw Problem(.notFound, "There is no such path; /api/v1/openapi.json names them all.")
            }
        }
        context.route = matches.first.map { APIRoute.root + $0.route.route.path }
        guard let match = matches.first(where: { $0.route.route.method.rawValue == request.method.rawValue }) else {
            let allowed = Set(matches.map(\.route.route.method.rawValue)).sorted().joined(separator: ", ")
            throw Problem(.methodNotAllowed, "Allowed here: \(allowed).", headers: [.allow: allowed])
        }
        do {
            return try await answer(request, match.route, path: match.path, context)
        } catch {
            // Errors that the client did not cause are logged further up.
            throw Problem(error) ?? error
        }
    }

    private func answer(
        _ request: Request,
        _ route: APIRoute,
        path: [String: String],
        _ connection: ServerRequestContext
    ) async throws -> Response {
        let (address, channel) = (connection.address, connection.channel)
        if case .description = route.target {
            try limiter.take(.address(address))
            return Self.response(200, Data(APIDescription.yaml.utf8), type: "application/yaml")
        }
        var context = context
        context.caller = try await caller(of: request, from: address)
        try Self.authorize(context.caller, route.route)
        let fields = try await RequestFields.read(route.route, request, path: path)
        switch route.target {
        case .operation(let operation):
            let answer: OperationAnswer
            do {
                answer = try await perform(try operation.read(fields), context, on: channel)
            } catch let error as PostgresError where error.isOutcomeUnknown && !route.route.isRead {
                throw Problem.outcomeUnknown
            }
            var response = Self.response(route.route.status, answer.body, type: "application/json")
            if let next = answer.next, let link = HTTPField.Name("Link") {
                response.headers[link] = Self.link(request, cursor: next)
            }
            return response
        case .log:
            let place = try streams.open(for: context.caller.identity)
            return try await LogStream(fields, context, place).response(on: channel)
        case .description:
            return Self.response(200, Data(), type: "application/yaml")
        }
    }

    /// A waiting operation runs as long as the client waits and the server runs.
    private func perform(
        _ operation: AskedOperation,
        _ context: OperationContext,
        on channel: any NIOCore.Channel
    ) async throws -> OperationAnswer {
        guard operation.mayWait else { return try await operation.perform(context) }
        let place = try streams.open(for: context.caller.identity)
        defer { place.close() }
        do {
            return try await cancelWhenGracefulShutdown {
                try await channel.whileConnected { try await operation.perform(context) }
            }
        } catch is CancellationError {
            throw Problem(
                .unavailable,
                "The server stops, and there is no result yet.",
                remedy: "Send the request again; with the same idempotency key a claim is not made twice.",
                headers: [.retryAfter: "1"]
            )
        }
    }

    /// The caller, after the rate limit: by the holder of the token if it is known here, else by address.
    private func caller(of request: Request, from address: String) async throws -> Caller {
        let secret: TokenSecret
        do {
            secret = try Authenticator.secret(request.headers)
        } catch {
            try limiter.take(.address(address))
            throw error
        }
        let holder = limiter.holder(of: secret.hash)
        try limiter.take(holder ?? .address(address))
        let caller: Caller
        do {
            caller = try await authenticator.caller(secret)
        } catch let error as Problem {
            limiter.forget(secret.hash)
            throw error
        }
        let key = RateLimiter.Key.caller(caller.identity)
        if holder != key {
            limiter.know(secret.hash, as: key)
            // The request counts for the caller, not for the address.
            limiter.giveBack(holder ?? .address(address))
            try limiter.take(key)
        }
        return caller
    }

    /// Everybody may see whether they may use a route; its fields are checked after that.
    private static func authorize(_ caller: Caller, _ route: Route) throws(Problem) {
        guard caller.scopes.allows(route.resource, reading: route.isRead) else {
            let scope = "\(route.resource)\(route.isRead ? ":read" : "")"
            throw Problem(.insufficientScope, "The token lacks the scope '\(scope)'.")
        }
        guard caller.has(route.access) else {
            throw Problem(.forbidden, "The role '\(route.access.rawValue)' is required.")
        }
    }

    /// The segments of a path below the API's root; `nil`: it is elsewhere, or not text.
    private static func segments(of path: String) -> [String]? {
        guard path.hasPrefix(APIRoute.root + "/") else { return nil }
        let parts = path.dropFirst(APIRoute.root.count + 1).split(separator: "/", omittingEmptySubsequences: false)
        let texts = parts.compactMap { PercentEncoding.decode($0.replacing("+", with: "%2B")) }
        return texts.count == parts.count ? texts : nil
    }

    private static func response(_ status: Int, _ body: Data, type: String) -> Response {
        var headers: HTTPFields = [.cacheControl: "no-store", .xContentTypeOptions: "nosniff"]
        if !body.isEmpty { headers[.contentType] = type }
        return Response(
            status: HTTPResponse.Status(code: status),
            headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body))
        )
    }

    /// The same request with another cursor (RFC 8288).
    private static func link(_ request: Request, cursor: String) -> String {
        let query = (request.uri.query ?? "").split(separator: "&").filter { !$0.hasPrefix("cursor=") }
        let parts = query + ["cursor=\(cursor)"]
        return "<\(request.uri.path)?\(parts.joined(separator: "&"))>; rel=\"next\""
    }
}
