// SPDX-License-Identifier: Apache-2.0

import Basics
import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import Operations

/// Reads the fields of a route from the parts of a request, and refuses unknown ones.
struct RequestFields {
    let route: Route
    let request: Request
    /// The values of the path's placeholders, as they were sent.
    let path: Parameters

    private var values: [String: FieldValue] = [:]

    /// The media types of a body that is not parsed.
    static let archiveTypes = ["application/x-tar", "application/octet-stream"]

    init(_ route: Route, _ request: Request, path: Parameters) {
        self.route = route
        self.request = request
        self.path = path
    }

    /// The fields as a JSON object. Throws a problem for a field that is unknown, missing or malformed.
    ///
    /// - Parameter requiresMediaType: Whether a body must declare its media type.
    static func read(
        _ route: Route,
        _ request: Request,
        path: Parameters = Parameters(),
        requiresMediaType: Bool = true
    ) async throws -> Data {
        var fields = RequestFields(route, request, path: path)
        try fields.readPath()
        try fields.readQuery()
        try fields.readHeaders()
        try await fields.readBody(requiresMediaType)
        if let missing = route.fields.first(where: { $0.isRequired && fields.values[$0.name] == nil }) {
            throw Problem(
                .missingField,
                "'\(missing.name)' is missing: expected \(missing.kind.expectation).",
                members: ["field": .string(missing.name)]
            )
        }
        return try JSONEncoder().encode(fields.values)
    }

    private mutating func readPath() throws {
        for field in route.fields(in: .path) {
            // A plus stands for itself there.
            guard let part = path.get(field.name), let text = PercentEncoding.decode(part.replacing("+", with: "%2B"))
            else {
                throw Problem.noSuchPath
            }
            try set(field, field.kind.read(text))
        }
    }

    private mutating func readQuery() throws {
        guard let query = request.uri.query else { return }
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(parts[0]),
                let text = PercentEncoding.decode(parts.count > 1 ? parts[1] : "")
            else {
                throw Problem(.wrongType, "The query is not percent-encoded UTF-8.")
            }
            guard values[name] == nil else {
                throw Problem(.wrongType, "'\(name)' is given twice.", members: ["field": .string(name)])
            }
            let field = try field(name, in: .query)
            try set(field, field.kind.read(text))
        }
    }

    private mutating func readHeaders() throws {
        for field in route.fields {
            guard case .header(let name)? = field.place, let text = request.headers[name] else { continue }
            try set(field, field.kind.read(text))
        }
    }

    private mutating func readBody(_ requiresMediaType: Bool) async throws {
        let body = try await content()
        if let field = route.fields(in: .content).first {
            try requireMediaType(Self.archiveTypes, of: body)
            if !body.isEmpty { values[field.name] = .bytes(Data(body)) }
            return
        }
        guard !body.isEmpty else { return }
        guard route.method == .post else {
            throw Problem(.malformedBody, "A \(route.method.rawValue) has no body here.")
        }
        if requiresMediaType { try requireMediaType(["application/json"], of: body) }
        guard let text = String(validating: body, as: UTF8.self), let members = try? JSON(parsing: text).members
        else {
            throw Problem(.malformedBody, "The body is not a JSON object.")
        }
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            let field = try field(name, in: .body)
            try set(field, field.kind.read(value))
        }
    }

    private func content() async throws -> [UInt8] {
        let limit = route.bodyLimit
        let problem = Problem(.bodyTooLarge, "At most \(limit) bytes are accepted.", headers: [.connection: "close"])
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit { throw problem }
        do {
            let buffer = try await request.body.collect(upTo: limit)
            return Array(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            throw problem
        }
    }

    private func requireMediaType(_ types: [String], of body: [UInt8]) throws(Problem) {
        guard !body.isEmpty else { return }
        let type = (request.headers[.contentType] ?? "").prefix { $0 != ";" && $0 != " " }.lowercased()
        guard types.contains(type) else {
            throw Problem(
                .unsupportedMediaType,
                "The body is sent as '\(type)': expected \(types.joined(separator: " or "))."
            )
        }
    }

    private mutating func set(_ field: Field, _ value: FieldValue?) throws(Problem) {
        guard let value else {
            throw Problem(
                .wrongType,
                "'\(field.name)': expected \(field.kind.expectation).",
                members: ["field": .string(field.name)]
            )
        }
        guard !value.hasNUL else {
            throw Problem(
                .invalid,
                "'\(field.name)' holds the character NUL, which cannot be stored.",
                members: ["field": .string(field.name)]
            )
        }
        values[field.name] = value
    }

    private func field(_ name: String, in place: Route.Place) throws(Problem) -> Field {
        let fields = route.fields(in: place)
        if let field = fields.first(where: { $0.name == name }) { return field }
        let known = fields.map(\.name)
        throw Problem(
            .unknownField,
            "There is no field '\(name.prefix(64))' here.",
            remedy: known.isEmpty ? "There are none." : "There are: \(known.joined(separator: ", ")).",
            members: ["field": .string(String(name.prefix(64)))]
        )
    }
}
