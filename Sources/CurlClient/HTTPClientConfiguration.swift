// SPDX-License-Identifier: Apache-2.0

/// How an ``HTTPClient`` sends.
package struct HTTPClientConfiguration: Sendable {
    /// The route that requests take.
    package enum Proxy: Hashable, Sendable {
        /// Directly, whatever the environment says.
        case none
        /// By the proxy that `https_proxy`, `no_proxy` and so on name.
        case environment
        /// By the proxy at this URL.
        case url(String)
    }

    /// Which certificates of authorities are trusted.
    package enum Authorities: Hashable, Sendable {
        /// The system's.
        case system
        /// Those of this PEM file, and no others.
        case file(String)
    }

    /// Where connections may go. It judges the address of the socket: with a proxy, the proxy's.
    package var addressPolicy = AddressPolicy()
    package var proxy = Proxy.none
    package var authorities = Authorities.system
    package var userAgent = "stoker"

    /// For a whole transfer, from resolution to the last byte of the answer.
    package var timeout = Duration.seconds(15)
    /// For resolution, connection and handshake; part of ``timeout``.
    package var connectTimeout = Duration.seconds(5)
    /// How long a resolved name may be used again. Its addresses are judged at each connection all the same.
    package var nameCache = Duration.seconds(60)

    /// How many bytes of an answer's body are read. A longer one is cut there, and its connection closed.
    package var maximumBodySize = 4096
    /// How many bytes of headers an answer may have.
    package var maximumHeaderSize = 65536

    /// How many transfers run at once; more wait for their turn.
    package var maximumTransfers = 256
    /// How many transfers of one key run at once, so that one slow endpoint cannot take all turns.
    package var maximumTransfersPerKey = 16

    package init() {}
}
