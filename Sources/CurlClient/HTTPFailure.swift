// SPDX-License-Identifier: Apache-2.0

/// A request that got no answer, and why.
package struct HTTPFailure: Error, Hashable, Sendable {
    /// What kind of failure it was; the raw value is what an attempt's record stores.
    package enum Code: String, Hashable, Sendable, CaseIterable {
        /// The request itself cannot be sent: a malformed header.
        case invalidRequest = "invalid_request"
        /// The name has no address, or its servers did not answer.
        case dns
        /// Every address of the host is refused by the ``AddressPolicy``; nothing was sent to it.
        case refusedAddress = "refused_address"
        /// No connection: refused, unreachable.
        case connect
        /// No secure connection: handshake, or a certificate that is not trusted.
        case tls
        /// The time-out of the connection or of the whole transfer passed.
        case timeout
        /// The connection ended before the answer did.
        case reset
        /// The answer's headers exceed ``HTTPClientConfiguration/maximumHeaderSize``.
        case tooLarge = "too_large"
        /// The peer does not speak HTTP properly.
        case `protocol`
        /// The calling task was cancelled.
        case canceled
        /// The client was closed.
        case clientClosed = "client_closed"
        /// Something on this side: no memory, no descriptor.
        case local
    }

    package let code: Code
    /// A message for people; it holds neither path, query, headers nor body of the request.
    package let message: String
    /// The address connected to, or refused.
    package let address: IPAddress?
    /// From the moment the transfer began.
    package let latency: Duration

    package init(_ code: Code, _ message: String, address: IPAddress? = nil, latency: Duration = .zero) {
        self.code = code
        self.message = message
        self.address = address
        self.latency = latency
    }
}

extension HTTPFailure: CustomStringConvertible {
    package var description: String { "\(code.rawValue): \(message)" }
}
