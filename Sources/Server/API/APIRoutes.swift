// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPTypes
package import Hummingbird
import NIOCore
package import Operations
import PostgresClient
import ServiceLifecycle
import Store

/// The API for users: a route for each operation of the table, the stream of a log, and the API's description.
package struct APIRoutes: RouteSet {
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

    private static let headers: HTTPFields = [.xContentTypeOptions: "nosniff"]

    package func add(to router: Router<ServerRequestContext>) {
        router.on(OperationTable.describe) { _, connection in
            try limiter.take(.address(connection.address))
            let yaml = ByteBuffer(string: APIDescription.yaml)
            return Response(.ok, yaml, type: "application/yaml", headers: Self.headers)
        }
        let users = router.group().add(middleware: Authentication(authenticator: authenticator, limiter: limiter))
        for operation in OperationTable.all {
            users.on(operation.route) { try await answer($0, operation, $1) }
        }
        users.on(FollowLog.route) { request, connection in
            let (fields, context) = try await admit(request, to: FollowLog.route, connection)
            let place = try streams.open(for: context.caller.identity)
            return try await LogStream(fields, context, place).response(on: connection.channel)
        }
    }

    private func answer(
        _ request: Request,
        _ operation: AnyOperation,
        _ connection: ServerRequestContext
    ) async throws -> Response {
        let route = operation.route
        let (fields, context) = try await admit(request, to: route, connection)
        let answer: OperationAnswer
        do {
            answer = try await perform(try operation.read(fields), context, on: connection.channel)
        } catch let error as PostgresError where error.isOutcomeUnknown && !route.isRead {
            throw Problem.outcomeUnknown
        }
        var response = Response(
            route.status,
            ByteBuffer(bytes: answer.body),
            type: "application/json",
            headers: Self.headers
        )
        if let next = answer.next { response.headers[.link] = Self.link(request, cursor: next) }
        return response
    }

    /// The fields of a request and the context to perform it in, after checking that the caller may use the route.
    private func admit(
        _ request: Request,
        to route: Route,
        _ connection: ServerRequestContext
    ) async throws -> (Data, OperationContext) {
        var context = context
        context.origin = .api
        if let caller = connection.caller {
            context.caller = caller
        } else if case .users = route.access {
            throw Problem(.unauthenticated, "The route is for users, and nobody is logged in.")
        }
        try context.caller.require(route)
        return (try await RequestFields.read(route, request, path: connection.parameters), context)
    }

    /// A waiting operation runs as long as the client waits and the server runs.
    private func perform(
        _ operation: AskedOperation,
        _ context: OperationContext,
        on channel: any NIOCore.Channel
    ) async throws -> OperationAnswer {
        guard operation.mayWait else { return try await operation.perform(context) }
        let place = try streams.open(for: context.caller.identity)
        defer { place.release() }
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

    /// The same request with another cursor (RFC 8288).
    private static func link(_ request: Request, cursor: String) -> String {
        let query = (request.uri.query ?? "").split(separator: "&").filter { !$0.hasPrefix("cursor=") }
        let parts = query + ["cursor=\(cursor)"]
        return "<\(request.uri.path)?\(parts.joined(separator: "&"))>; rel=\"next\""
    }
}
