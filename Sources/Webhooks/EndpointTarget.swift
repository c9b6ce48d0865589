// SPDX-License-Identifier: Apache-2.0

package import CurlClient
package import Domain
package import Time

/// Where an endpoint's requests go and how they are signed.
package struct EndpointTarget: Sendable {
    package let url: EndpointURL
    package let envelope: Envelope
    /// All that are valid now: the current secret, the previous one during a rotation, an Ed25519 key.
    package let keys: [SigningKey]
    /// The operator's own headers, an `Authorization` for instance.
    package let headers: [HTTPHeader]
    /// Requests of one key share the client's limit; the endpoint's id.
    package let concurrencyKey: String

    /// - Throws: ``EndpointTargetError`` when a header cannot be sent or is not the operator's to set.
    package init(
        url: EndpointURL,
        envelope: Envelope,
        keys: [SigningKey],
        headers: [HTTPHeader] = [],
        concurrencyKey: String
    ) throws(EndpointTargetError) {
        for header in headers {
            guard header.isWellFormed else { throw .malformedHeader(header.name) }
            guard !Self.isReserved(header.name.lowercased()) else { throw .reservedHeader(header.name) }
        }
        self.url = url
        self.envelope = envelope
        self.keys = keys
        self.headers = headers
        self.concurrencyKey = concurrencyKey
    }

    /// The request of one attempt.
    ///
    /// - Parameters:
    ///   - id: The delivery's; the same at every attempt.
    ///   - now: Becomes `webhook-timestamp`; receivers refuse what is five minutes off.
    ///   - trace: The headers of the trace that the attempt belongs to, if there is one.
    package func request(
        id: DeliveryID,
        body: [UInt8],
        contentType: String,
        at now: Instant,
        trace: [HTTPHeader] = []
    ) throws(SigningKeyError) -> HTTPRequest {
        let signature = try Signature(of: body, id: "\(id)", at: now, keys: keys)
        var all = headers
        all.append(HTTPHeader("Content-Type", contentType))
        all.append(HTTPHeader("webhook-id", signature.id))
        all.append(HTTPHeader("webhook-timestamp", signature.timestamp))
        if !keys.isEmpty { all.append(HTTPHeader("webhook-signature", signature.signatures)) }
        if envelope == .coder { all.append(HTTPHeader("X-Message-Id", signature.id)) }
        return HTTPRequest(url, headers: all + trace, body: body, concurrencyKey: concurrencyKey)
    }

    private static func isReserved(_ name: String) -> Bool {
        let reserved: Set = [
            "connection", "content-length", "content-type", "expect", "host", "te", "traceparent", "trailer",
            "transfer-encoding", "upgrade", "x-message-id",
        ]
        return name.hasPrefix("webhook-") || reserved.contains(name)
    }
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
