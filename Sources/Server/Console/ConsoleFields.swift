// SPDX-License-Identifier: Apache-2.0

import Basics
import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import Operations
import Time

/// The fields of a form that a browser has sent.
struct ConsoleFields: Sendable {
    private let pairs: [(name: String, value: String)]

    /// Throws a problem for a body that is too large or cannot be read.
    init(_ request: Request) async throws {
        let limit = 64 << 10
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw Problem(.bodyTooLarge, "At most \(limit) bytes are accepted.", headers: [.connection: "close"])
        }
        let sent = try String(buffer: body).split(separator: "&").map { pair in
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(sides[0]),
                let value = PercentEncoding.decode(sides.count > 1 ? sides[1] : ""), !value.utf8.contains(0)
            else { throw Problem(.malformedBody, "The form cannot be read.") }
            return (name: name, value: value.replacing("\r\n", with: "\n"))
        }
        // One choice of a pool is two fields.
        pairs = sent.flatMap { pair -> [(name: String, value: String)] in
            let parts = pair.value.split(separator: "/", maxSplits: 1).map(String.init)
            guard pair.name == "pool", parts.count == 2 else { return [pair] }
            return [("template", parts[0]), ("preset", parts[1])]
        }
    }

    /// The first value of the name that is not empty.
    subscript(name: String) -> String? { pairs.first { $0.name == name && !$0.value.isEmpty }?.value }

    func values(_ name: String) -> [String] { pairs.filter { $0.name == name && !$0.value.isEmpty }.map(\.value) }

    /// A path on this server, never an address elsewhere.
    func path(_ name: String) -> String? {
        guard let path = self[name], path.hasPrefix("/"), !path.hasPrefix("//"), !path.contains("\\"),
            path.unicodeScalars.allSatisfy({ $0 >= " " })
        else { return nil }
        return path
    }

    /// The fields of a route as JSON, one for each value of the field that has many. Throws a problem for a value that
    /// does not fit.
    func operations(of route: Route, now: Instant) throws -> [Data] {
        var values: [String: FieldValue] = [:]
        var many: (field: Field, texts: [String])?
        for field in route.fields {
            switch field.kind {
            case .choices, .texts:
                if pairs.contains(where: { $0.name == field.name }) {
                    values[field.name] = try value(field, .array(self.values(field.name).map { .string($0) }))
                }
            case .textMap:
                let prefix = field.name + "."
                let members = pairs.filter { $0.name.hasPrefix(prefix) && !$0.value.isEmpty }
                guard !members.isEmpty else { continue }
                let map = Dictionary(members.map { (String($0.name.dropFirst(prefix.count)), $0.value) }) { $1 }
                values[field.name] = .textMap(map)
            case .bytes: throw Problem(.invalid, "'\(field.name)' cannot be sent with a form.")
            case .instant where self[field.name + ".in"] != nil:
                guard let seconds = self[field.name + ".in"].flatMap({ Int64($0) }), seconds > 0 else { continue }
                values[field.name] = .text((now + .seconds(min(seconds, 31_536_000))).iso8601)
            default:
                let texts = self.values(field.name)
                if texts.count > 1 { many = (field, texts) }
                if let text = texts.first { values[field.name] = try value(field, text) }
            }
        }
        guard let many else { return [try JSONEncoder().encode(values)] }
        return try many.texts.map { text in
            var values = values
            values[many.field.name] = try value(many.field, text)
            return try JSONEncoder().encode(values)
        }
    }

    private func value(_ field: Field, _ text: String) throws -> FieldValue {
        guard let value = field.kind.read(text) else { throw Self.misfit(field) }
        return value
    }

    private func value(_ field: Field, _ json: JSON) throws -> FieldValue {
        guard let value = field.kind.read(json) else { throw Self.misfit(field) }
        return value
    }

    private static func misfit(_ field: Field) -> Problem {
        Problem(.wrongType, "'\(field.name)': expected \(field.kind.expectation).")
    }
}
