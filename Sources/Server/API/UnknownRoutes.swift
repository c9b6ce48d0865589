// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Operations

/// Answers requests below the API's root that the router does not match: either there is no such path, or the answer
/// lists the allowed methods.
struct UnknownRoutes: RouterMiddleware {
    private static let patterns = OperationTable.routes.map { (RouterPath(Route.root + $0.route.path), $0.route) }

    func handle(
        _ request: Request,
        context: ServerRequestContext,
        next: @concurrent (Request, ServerRequestContext) async throws -> Response
    ) async throws -> Response {
        let path = request.uri.path
        guard path.hasPrefix("\(Route.root)/") else { return try await next(request, context) }
        // The router ignores empty segments of a path; here they count.
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
