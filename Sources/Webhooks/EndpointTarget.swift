// SPDX-License-Identifier: Apache-2.0

package import CurlClient
package import Domain
package import HTTPTypes
package import Time

/// The URL, the keys and the headers of an endpoint's requests.
package struct EndpointTarget: Sendable {
    package let url: EndpointURL
    package let envelope: Envelope
    /// All valid keys: the current secret, the previous one during a rotation, an Ed25519 key.
    package let keys: [SigningKey]
    /// The operator's own headers, such as `Authorization`.
    package let headers: HTTPFields
    /// The endpoint's id: its requests share the client's limit.
    package let concurrencyKey: String

    /// - Throws: ``EndpointTargetError`` when a header is malformed or reserved.
    package init(
        url: EndpointURL,
        envelope: Envelope,
        keys: [SigningKey],
        headers: [String: String] = [:],
        concurrencyKey: String
    ) throws(EndpointTargetError) {
        var fields: HTTPFields = [:]
        for header in headers.sorted(by: { $0.key < $1.key }) {
            do throws(HTTPFailure) {
                fields += try HTTPFields(checking: [header])
            } catch {
                throw .malformedHeader(header.key)
            }
            guard !Self.isReserved(header.key.lowercased()) else { throw .reservedHeader(header.key) }
        }
        self.url = url
        self.envelope = envelope
        self.keys = keys
        self.headers = fields
        self.concurrencyKey = concurrencyKey
    }

    /// The target of a stored endpoint.
    ///
    /// - Parameter open: Decrypts a sealed key.
    /// - Throws: What `open` throws; ``EndpointURLError``, ``SigningKeyError``, ``EndpointTargetError``.
    package init(_ endpoint: Endpoint, opening open: ([UInt8]) throws -> [UInt8]) throws {
        try self.init(
            url: EndpointURL(endpoint.url),
            envelope: endpoint.format,
            keys: [endpoint.secret, endpoint.previousSecret, endpoint.signingKey].compactMap { $0 }.map {
                try SigningKey(String(decoding: open($0), as: UTF8.self))
            },
            headers: endpoint.headers,
            concurrencyKey: "\(endpoint.id)"
        )
    }

    /// The request of one attempt.
    ///
    /// - Parameters:
    ///   - id: The delivery's; the same at every attempt.
    ///   - now: The value of `webhook-timestamp`; receivers refuse one that is five minutes off.
    ///   - trace: The headers of the attempt's trace, if there is one.
    package func request(
        id: DeliveryID,
        body: [UInt8],
        contentType: String,
        at now: Instant,
        trace: HTTPFields = [:]
    ) throws(SigningKeyError) -> HTTPClient.Request {
        let signature = try Signature(of: body, id: "\(id)", at: now, keys: keys)
        var all = headers
        all[.contentType] = contentType
        all[.webhookID] = signature.id
        all[.webhookTimestamp] = signature.timestamp
        if !keys.isEmpty { all[.webhookSignature] = signature.signatures }
        if envelope == .coder { all[.messageID] = signature.id }
        return HTTPClient.Request(url, headers: all + trace, body: body, concurrencyKey: concurrencyKey)
    }

    private static func isReserved(_ name: String) -> Bool {
        let reserved: Set = [
            "connection", "content-length", "content-type", "expect", "host", "te", "traceparent", "trailer",
            "transfer-encoding", "upgrade", "x-message-id",
        ]
        return name.hasPrefix("webhook-") || reserved.contains(name)
    }
}

extension HTTPField.Name {
    /// The headers of Standard Webhooks 1.0.
    package static let webhookID = Self(known: "webhook-id")
    package static let webhookTimestamp = Self(known: "webhook-timestamp")
    package static let webhookSignature = Self(known: "webhook-signature")
    /// The header of Coder's webhooks.
    package static let messageID = Self(known: "X-Message-Id")
}

/// A header that an endpoint cannot have.
package enum EndpointTargetError: Error, Hashable, CustomStringConvertible {
    case malformedHeader(String)
    case reservedHeader(String)

    package var description: String {
        switch self {
        case .malformedHeader(let name):
            "the header \(name.prefix(64).debugDescription) cannot be sent: a name is made of letters, digits and "
                + "hyphens, a value has no line break"
        case .reservedHeader(let name):
            "the header '\(name)' is set by the sender and cannot be changed"
        }
    }
}
