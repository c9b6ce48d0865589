// SPDX-License-Identifier: Apache-2.0

import CurlClient
package import HTTPTypes
package import Store

/// How something is asked for over HTTP, who may ask, what is answered, and what is said of it.
///
/// The server's routes, the client's requests and the API's description (OpenAPI) are all made of it.
package struct Route: Sendable {
    /// Whose token a route takes.
    package enum Access: Hashable, Sendable {
        /// A user's, of this role at least, with a scope for the resource.
        case users(Role, Resource)
        /// An agent's, which is good for nothing else.
        case agents
        /// None.
        case everybody
    }

    /// The part of a request that holds a field.
    package enum Place: Hashable, Sendable {
        case path, query
        /// A member of the JSON object that the body is.
        case body
        case header(HTTPField.Name)
        /// The body as it is.
        case content
    }

    /// What is answered when all is well.
    package enum Content: Sendable {
        case nothing
        /// A value of the schema that the description has under this name.
        case one(String)
        case list(String)
        /// A part of a list, with a link to the next part.
        case page(String)
        /// Server-sent events (HTML Living Standard, 9.2) of this schema.
        case events(String)
        /// The API's description itself.
        case description
    }

    /// Below which all paths lie.
    package static let root = "/api/v1"

    package let method: HTTPRequest.Method
    /// Below ``root``; `{name}` stands for the field of that name.
    package let path: String
    package let access: Access
    /// What it does, for the description.
    package private(set) var summary = ""
    /// What else is to be known, behind "For every role": a new sentence, or, after a comma or a colon, the rest of that one.
    package private(set) var notes = ""
    /// The group of routes in the description.
    package private(set) var tag: APITag
    package private(set) var fields: [Field] = []
    /// The status of an answer that is no problem.
    package private(set) var status = HTTPResponse.Status.ok
    package private(set) var content = Content.nothing
    /// What the answer is, in words.
    package private(set) var meaning = ""

    /// A route for users.
    package init(_ method: HTTPRequest.Method, _ path: String, _ resource: Resource, for role: Role) {
        self.init(method, path, for: .users(role, resource), tag: APITag(resource))
    }

    package init(_ method: HTTPRequest.Method, _ path: String, for access: Access, tag: APITag) {
        self.method = method
        self.path = path
        self.access = access
        self.tag = tag
    }

    /// Whether asking changes nothing.
    package var isRead: Bool { method == .get }

    /// The least role that may ask; `nil`: it is not for users.
    package var role: Role? {
        if case .users(let role, _) = access { role } else { nil }
    }

    /// How large a request's body may be, in bytes.
    package var bodyLimit: Int { fields.contains { $0.place == .content } ? 32 << 20 : 64 << 10 }

    /// Where a field stands in a request.
    package func place(of field: Field) -> Place {
        if let place = field.place { return place }
        if path.contains("{\(field.name)}") { return .path }
        return method == .post ? .body : .query
    }

    /// The fields that stand in this part of a request.
    package func fields(in place: Place) -> [Field] { fields.filter { self.place(of: $0) == place } }
}

// MARK: - Saying more

extension Route {
    func doing(_ summary: String) -> Route {
        var route = self
        route.summary = summary
        return route
    }

    func noting(_ notes: String) -> Route {
        var route = self
        route.notes = notes
        return route
    }

    func tagged(_ tag: APITag) -> Route {
        var route = self
        route.tag = tag
        return route
    }

    func taking(_ fields: Field...) -> Route { taking(fields) }

    func taking(_ fields: [Field]) -> Route {
        var route = self
        route.fields += fields
        return route
    }

    func answering(_ meaning: String, _ content: Content, status: HTTPResponse.Status = .ok) -> Route {
        var route = self
        (route.meaning, route.content, route.status) = (meaning, content, status)
        return route
    }

    /// With 204 and no body.
    func answeringNothing(_ meaning: String) -> Route { answering(meaning, .nothing, status: .noContent) }
}

/// What the scopes of tokens tell apart.
package enum Resource: String, Sendable, CaseIterable {
    case templates, pools, workspaces, jobs, users, tokens, workers, maintenance, webhooks, settings
}

/// How the API's description groups routes.
package enum APITag: String, Sendable, CaseIterable {
    case templates, pools, workspaces, fleet, webhooks, agents, access

    init(_ resource: Resource) {
        self =
            switch resource {
            case .templates: .templates
            case .pools: .pools
            case .workspaces, .jobs: .workspaces
            case .workers, .maintenance, .settings: .fleet
            case .webhooks: .webhooks
            case .users, .tokens: .access
            }
    }

    package var description: String {
        switch self {
        case .templates: "What workspaces are built from."
        case .pools: "Presets, prebuilds, plans and schedules."
        case .workspaces: "Claims, workspaces and their jobs."
        case .fleet: "Workers, maintenance, status, settings."
        case .webhooks: "Who is told what happens."
        case .agents: "What agents inside of workspaces call."
        case .access: "Users and tokens."
        }
    }
}

extension HTTPField.Name {
    /// Asked again with it, a claim is not made twice.
    package static let idempotencyKey = Self(known: "Idempotency-Key")
    /// Where a stream of server-sent events goes on.
    package static let lastEventID = Self(known: "Last-Event-ID")
    /// Where a list goes on (RFC 8288).
    package static let link = Self(known: "Link")
}
