// SPDX-License-Identifier: Apache-2.0

package import Operations
import Store

/// One route of the API: what a request must look like, and what it leads to.
package struct APIRoute: Sendable {
    enum Target: Sendable {
        case operation(AnyOperation)
        /// A log as server-sent events.
        case log
        /// The description of the API itself; anybody may read it.
        case description
    }

    /// As `operationId` of the description names it.
    package let name: String
    package let route: Route
    let target: Target

    /// Whether anybody may ask, without a token.
    package var isPublic: Bool {
        if case .description = target { true } else { false }
    }

    /// Below which all routes lie.
    package static let root = "/api/v1"

    /// All routes: what is served, what is described, and what tests walk.
    package static let all: [APIRoute] =
        OperationTable.all.map { APIRoute(name: $0.name, route: $0.route, target: .operation($0)) } + [
            APIRoute(name: "followLog", route: FollowLog.route, target: .log),
            APIRoute(
                name: "describe",
                route: Route(.get, "/openapi.yaml", .settings, for: .member),
                target: .description
            ),
        ]

    /// The values of a path's placeholders, when the path is this route's.
    func match(_ segments: [String]) -> [String: String]? {
        let pattern = route.segments
        guard pattern.count == segments.count else { return nil }
        var values: [String: String] = [:]
        for (part, segment) in zip(pattern, segments) {
            if part.hasPrefix("{") {
                values[String(part.dropFirst().dropLast())] = segment
            } else if part != segment {
                return nil
            }
        }
        return values
    }
}
