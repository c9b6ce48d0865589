// SPDX-License-Identifier: Apache-2.0

package import Hummingbird
import Operations

/// A group of routes.
package protocol RouteSet: Sendable {
    /// Adds its routes to the router.
    func add(to router: Router<ServerRequestContext>)
}

extension RouterMethods<ServerRequestContext> {
    /// Serves a route of the API.
    @discardableResult
    func on(
        _ route: Route,
        _ answer: @escaping @Sendable (Request, ServerRequestContext) async throws -> Response
    ) -> Self {
        on(RouterPath(Route.root + route.path), method: route.method, use: answer)
    }

    /// Answers GET, and HEAD with the same status and headers.
    func show(_ path: RouterPath, _ answer: @escaping @Sendable () async throws -> Response) {
        get(path) { _, _ in try await answer() }.head(path) { _, _ in try await answer().createHeadResponse() }
    }
}
