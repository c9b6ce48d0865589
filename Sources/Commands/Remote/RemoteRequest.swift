// SPDX-License-Identifier: Apache-2.0

import Basics
import CurlClient
import FoundationEssentials
import HTTPTypes
import Operations

/// An operation as a request of the API, with each field where its route has it.
struct RemoteRequest {
    let method: HTTPRequest.Method
    /// Path and query.
    private(set) var target: String
    private(set) var headers: HTTPFields = [:]
    private(set) var body: [UInt8] = []

    init(_ route: Route, _ operation: some Operation) throws {
        let fields = try JSON(parsing: String(decoding: try JSONEncoder().encode(operation), as: UTF8.self))
        var query: [String] = []
        var members: [String: JSON] = [:]
        var path: [String: String] = [:]
        for field in route.fields {
            guard let value = fields[field.name], value != .null else { continue }
            switch route.place(of: field) {
            case .path: path[field.name] = value.text
            case .query: query.append("\(field.name)=\(PercentEncoding.encode(value.text ?? value.json))")
            case .body: members[field.name] = value
            case .header(let name): headers += try HTTPFields(checking: [name.rawName: value.text ?? ""])
            case .content: body = Data(base64Encoded: value.text ?? "").map { Array($0) } ?? []
            }
        }
        method = route.method
        target = Self.target(route, path) + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
        if !body.isEmpty {
            headers[.contentType] = "application/x-tar"
        } else if route.method == .post {
            headers[.contentType] = "application/json"
            body = JSON.object(members).encoded
        }
    }

    /// A log after a given line.
    init(_ route: Route, path: [String: String], cursor: String?) {
        method = route.method
        target = Self.target(route, path)
        headers[.lastEventID] = cursor
    }

    private static func target(_ route: Route, _ path: [String: String]) -> String {
        path.reduce(Route.root + route.path) { $0.replacing("{\($1.key)}", with: PercentEncoding.encode($1.value)) }
    }
}
