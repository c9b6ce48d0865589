// SPDX-License-Identifier: Apache-2.0

/// Which addresses may be connected to.
///
/// The URL comes from a user, and the addresses of its name from whoever runs the DNS zone. Either may point into the
/// private network, at a metadata service or a database. So the policy judges the very address that a socket is about
/// to connect to, after resolution and before the first packet. By default it refuses everything that is not public
/// unicast (``refusedRanges``).
package struct AddressPolicy: Hashable, Sendable {
    /// Networks that may be reached although they lie in a refused range.
    ///
    /// IPv4-mapped and translated addresses (NAT64, 6to4) are judged as the IPv6 addresses they are: allowing
    /// 10.0.0.0/8 does not allow ::ffff:10.0.0.1.
    package var allowedNetworks: [IPNetwork]

    /// Whether `http:` may be used for other addresses than loopback.
    package var allowsPlainHTTP: Bool

    package init(allowedNetworks: [IPNetwork] = [], allowsPlainHTTP: Bool = false) {
        self.allowedNetworks = allowedNetworks
        self.allowsPlainHTTP = allowsPlainHTTP
    }

    /// Why the address may not be connected to; `nil` when it may.
    ///
    /// - Parameter plain: Whether the connection would be without TLS.
    package func refusal(of address: IPAddress, plain: Bool) -> AddressRefusal? {
        if let range = Self.refusedRanges.first(where: { $0.network.contains(address) }),
            !allowedNetworks.contains(where: { $0.contains(address) })
        {
            return AddressRefusal(address: address, reason: .range(range))
        }
        if plain && !allowsPlainHTTP && !address.isLoopback {
            return AddressRefusal(address: address, reason: .plainHTTP)
        }
        return nil
    }
}

/// An address that was not connected to, and why.
package struct AddressRefusal: Hashable, Sendable {
    /// Which rule refuses the address.
    package enum Reason: Hashable, Sendable {
        case range(RefusedRange)
        case plainHTTP
    }

    package let address: IPAddress
    package let reason: Reason
}

extension AddressRefusal: CustomStringConvertible {
    /// What was refused and which setting would allow it.
    package var description: String {
        switch reason {
        case .range(let range):
            "\(address) is in \(range.network) (\(range.name)); "
                + "add a network to notifications.allow_networks if it is meant"
        case .plainHTTP:
            "\(address) would be reached without TLS; use https, or allow plain http in the configuration"
        }
    }
}

/// A block of addresses that is refused unless allowed.
package struct RefusedRange: Hashable, Sendable {
    package let network: IPNetwork
    package let name: String
    /// The document that sets the block aside.
    package let source: String
}
