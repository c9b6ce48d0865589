// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import HTTPTypes
package import Hummingbird

/// An answer that says what went wrong, in a form that programs read too (RFC 9457).
///
/// Thrown by a handler, it becomes the response.
package struct Problem: Error, Hashable, Sendable {
    /// A member beyond those that the standard names.
    package enum Member: Hashable, Sendable {
        case string(String)
        case integer(Int)
        case strings([String])
    }

    /// A URI reference that identifies the kind of problem; `about:blank` when the status says it all.
    package var type: String
    /// The kind of problem in a few words, the same for every occurrence.
    package var title: String
    package var status: HTTPResponse.Status
    /// What happened this time, and what to do about it.
    package var detail: String?
    package var members: [String: Member]
    /// Sent with it, such as `Retry-After`.
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
        // The standard's own members last: they win over one of the same name.
        try container.encode(type, forKey: Key("type"))
        try container.encode(title, forKey: Key("title"))
        try container.encode(status.code, forKey: Key("status"))
        try container.encodeIfPresent(detail, forKey: Key("detail"))
    }
}

extension Problem: HTTPResponseError {
    package func response(from request: Request, context: some RequestContext) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let body = ByteBuffer(bytes: try encoder.encode(self))
        var headers = headers
        headers[.contentType] = "application/problem+json"
        headers[.cacheControl] = "no-store"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: body))
    }
}
