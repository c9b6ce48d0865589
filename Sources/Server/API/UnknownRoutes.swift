// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Operations

/// Tells who asks below the API's root for what the router does not find: that there is no such path, or which methods it
/// takes.
struct UnknownRoutes: RouterMiddleware {
    private static let patterns = OperationTable.routes.map { (RouterPath(Route.root + $0.route.path), $0.route) }

    func handle(
        _ request: Request,
        context: ServerRequestContext,
        next: @concurrent (Request, ServerRequestContext) async throws -> Response
    ) async throws -> Response {
        let path = request.uri.path
        guard path.hasPrefix("\(Route.root)/") else { return try await next(request, context) }
        // The router looks past an empty part of a path; here it is one.
        guard !path.contains("//"), !path.hasSuffix("/") else { throw Problem.noSuchPath }
        do {
            return try await next(request, context)
        } catch let error as HTTPError where error.status == .notFound && error.body == nil {
            let parts = path.split(separator: "/")
            let matches = Self.patterns.filter { pattern, _ in
                pattern.count == parts.count && zip(pattern, parts).allSatisfy { $0 ~= $1 }
            }
            guard let (pattern, _) = matches.first else { throw Problem.noSuchPath }
            context.route = pattern.description
            let allowed = matches.map(\.1.method.rawValue).sorted().joined(separator: ", ")
            throw Problem(.methodNotAllowed, "Allowed here: \(allowed).", headers: [.allow: allowed])
        }
    }
}

extension Problem {
    static let noSuchPath = Problem(
        .notFound,
        "There is no such path; \(Route.root)\(OperationTable.describe.path) names them all."
    )
}
