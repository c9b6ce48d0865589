// SPDX-License-Identifier: Apache-2.0

package import Store

/// How an operation is asked for over HTTP, and who may.
package struct Route: Sendable {
    package enum Method: String, Sendable, CaseIterable {
        case get = "GET"
        case post = "POST"
        case delete = "DELETE"
    }

    package let method: Method
    /// Below `/api/v1`; `{name}` stands for the field of that name.
    package let path: String
    /// What a token's scopes are about.
    package let resource: Resource
    /// The least role that may ask.
    package let access: Role
    package let fields: [Field]
    /// The status of an answer that is no problem.
    package let status: Int

    package init(
        _ method: Method,
        _ path: String,
        _ resource: Resource,
        for access: Role,
        status: Int = 200,
        _ fields: [Field] = []
    ) {
        self.method = method
        self.path = path
        self.resource = resource
        self.access = access
        self.status = status
        self.fields = fields
    }

    /// Whether asking changes nothing.
    package var isRead: Bool { method == .get }

    /// Between slashes.
    package var segments: [Substring] { path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) }

    /// Where a field stands in a request.
    package func place(of field: Field) -> Place {
        if let place = field.place { return place }
        if path.contains("{\(field.name)}") { return .path }
        return method == .post ? .body : .query
    }

    /// How large a request's body may be, in bytes.
    package var bodyLimit: Int { fields.contains { $0.place == .content } ? 32 << 20 : 64 << 10 }

    /// The part of a request that holds a field.
    package enum Place: Hashable, Sendable {
        case path, query
        /// A member of the JSON object that the body is.
        case body
        case header(String)
        /// The body as it is.
        case content
    }
}

/// What the scopes of tokens tell apart.
package enum Resource: String, Sendable, CaseIterable {
    case templates, pools, workspaces, jobs, users, tokens, workers, maintenance, webhooks, settings
}
