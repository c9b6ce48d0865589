// SPDX-License-Identifier: Apache-2.0

import CurlClient
package import HTTPTypes
package import Store

/// How something is requested over HTTP: who may request it, what is answered, and how it is described.
///
/// The server's routes, the client's requests and the API's description (OpenAPI) are made from it.
package struct Route: Sendable {
    /// The kind of token that a route takes.
    package enum Access: Hashable, Sendable {
        /// A token of a user with at least this role, and with a scope for the resource.
        case users(Role, Resource)
        /// A token of an agent, which is valid for these routes only.
        case agents
        /// No token.
        case everybody
    }

    /// The part of a request that contains a field.
    package enum Place: Hashable, Sendable {
        case path, query
        /// A member of the JSON body.
        case body
        case header(HTTPField.Name)
        /// The whole body.
        case content
    }

    /// The content of a successful answer.
    package enum Content: Sendable {
        case nothing
        /// A value of the schema with this name in the description.
        case one(String)
        case list(String)
        /// A page of a list, with a link to the next page.
        case page(String)
        /// Server-sent events (HTML Living Standard, 9.2) of this schema.
        case events(String)
        /// The API's description.
        case description
    }

    /// All paths are below this one.
    package static let root = "/api/v1"

    package let method: HTTPRequest.Method
    /// Below ``root``; `{name}` stands for the field with that name.
    package let path: String
    package let access: Access
    /// A summary, for the description.
    package private(set) var summary = ""
    /// Further text of the description, after "For every role": a new sentence, or, after a comma or a colon, the rest
    /// of that sentence.
    package private(set) var notes = ""
    /// The group of the route in the description.
    package private(set) var tag: APITag
    package private(set) var fields: [Field] = []
    /// The status of a successful answer.
    package private(set) var status = HTTPResponse.Status.ok
    package private(set) var content = Content.nothing
    /// The answer, in words.
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

    /// Whether the operation only reads.
    package var isRead: Bool { method == .get }

    /// The maximum size of a request's body, in bytes.
    package var bodyLimit: Int { fields.contains { $0.place == .content } ? 32 << 20 : 64 << 10 }

    /// The place of a field in a request.
    package func place(of field: Field) -> Place {
        if let place = field.place { return place }
        if path.contains("{\(field.name)}") { return .path }
        return method == .post ? .body : .query
    }

    /// The fields in this part of a request.
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

    /// With status 204 and no body.
    func answeringNothing(_ meaning: String) -> Route { answering(meaning, .nothing, status: .noContent) }
}

/// The resources of token scopes.
package enum Resource: String, Sendable, CaseIterable {
    case templates, pools, workspaces, jobs, users, organizations, tokens, workers, maintenance, webhooks, settings,
        audit
}

/// The groups of routes in the API's description.
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
            case .users, .organizations, .tokens, .audit: .access
            }
    }

    package var description: String {
        switch self {
        case .templates: "Push, list and manage templates."
        case .pools: "Presets, prebuilds, plans and schedules."
        case .workspaces: "Claims, workspaces and their jobs."
        case .fleet: "Workers, maintenance, status, settings."
        case .webhooks: "Add, test and manage webhook endpoints."
        case .agents: "Routes for agents inside workspaces."
        case .access: "Users, organizations, tokens, and who changed what."
        }
    }
}

extension HTTPField.Name {
    /// A claim that is repeated with the same key gives the same workspace.
    package static let idempotencyKey = Self(known: "Idempotency-Key")
    /// Where a stream of server-sent events continues.
    package static let lastEventID = Self(known: "Last-Event-ID")
    /// The next page of a list (RFC 8288).
    package static let link = Self(known: "Link")
}
