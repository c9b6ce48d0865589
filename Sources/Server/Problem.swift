// SPDX-License-Identifier: Apache-2.0

package import HTTPTypes
package import Hummingbird

/// An error response in the form of RFC 9457, for people and programs.
///
/// A handler throws it, and it becomes the response.
package struct Problem: Error, Hashable, Sendable {
    /// A member besides those of the standard.
    package enum Member: Hashable, Sendable {
        case string(String)
        case integer(Int)
        case strings([String])
    }

    /// A URI reference for the kind of problem; `about:blank` when the status is enough.
    package var type: String
    /// The kind of problem in a few words, the same each time.
    package var title: String
    package var status: HTTPResponse.Status
    /// What happened this time, with the remedy.
    package var detail: String?
    package var members: [String: Member]
    /// Additional headers, such as `Retry-After`.
    package var headers: HTTPFields = [:]

    package init(
        _ status: HTTPResponse.Status,
        type: String = "about:blank",
        title: String? = nil,
        detail: String? = nil,
        members: [String: Member] = [:]
    ) {
        self.type = type
        self.title = title ?? status.reasonPhrase
        self.status = status
        self.detail = detail
        self.members = members
    }
}

extension Problem: Encodable {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.init(stringValue) }
        init?(intValue: Int) { nil }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        for (name, member) in members {
            switch member {
            case .string(let text): try container.encode(text, forKey: Key(name))
            case .integer(let number): try container.encode(number, forKey: Key(name))
            case .strings(let texts): try container.encode(texts, forKey: Key(name))
            }
        }
        // The standard's own members come last, so they replace others of the same name.
        try container.encode(type, forKey: Key("type"))
        try container.encode(title, forKey: Key("title"))
        try container.encode(status.code, forKey: Key("status"))
        try container.encodeIfPresent(detail, forKey: Key("detail"))
    }
}

extension Problem: HTTPResponseError {
    package func response(from request: Request, context: some RequestContext) throws -> Response {
        Response(status, try ByteBuffer(json: self), type: "application/problem+json", headers: headers)
    }
}
