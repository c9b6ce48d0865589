// SPDX-License-Identifier: Apache-2.0

/// A block of addresses: every address that begins with the same `prefix` bits.
package struct IPNetwork: Hashable, Sendable {
    package let address: IPAddress
    /// How many leading bits all addresses of the block share: 0 to 32 for IPv4, 0 to 128 for IPv6.
    package let prefix: Int

    /// Reads CIDR notation, `10.0.0.0/8` or `fd00::/8`; a bare address is the block of itself alone.
    ///
    /// - Throws: ``IPNetworkError`` with a remedy, also when bits after the prefix are set: `10.0.0.5/8` is more
    ///   likely a slip than a wish to allow 16 million addresses.
    package init(_ text: String) throws(IPNetworkError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let first = parts.first, parts.count <= 2, let address = IPAddress(String(first)) else {
            throw IPNetworkError(text: text, problem: "it is not an address in CIDR notation, such as 10.0.0.0/8")
        }
        let width = address.width
        var prefix = width
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(parts[1]), number <= width
            else {
                throw IPNetworkError(text: text, problem: "the prefix must be a number from 0 to \(width)")
            }
            prefix = number
        }
        let start = address.masked(to: prefix)
        guard start == address else {
            throw IPNetworkError(text: text, problem: "bits after the prefix are set; did you mean \(start)/\(prefix)?")
        }
        self.init(address: address, prefix: prefix)
    }

    /// The block is taken as given; `address` must have no bits after the prefix.
    init(address: IPAddress, prefix: Int) {
        self.address = address
        self.prefix = prefix
    }

    /// Whether the address lies in the block. An IPv4 address is never in an IPv6 block, nor the reverse.
    package func contains(_ candidate: IPAddress) -> Bool {
        switch (address, candidate) {
        case (.v4, .v4), (.v6, .v6): candidate.masked(to: prefix) == address
        case (.v4, .v6), (.v6, .v4): false
        }
    }
}

extension IPNetwork: CustomStringConvertible {
    /// CIDR notation.
    package var description: String { "\(address)/\(prefix)" }
}

/// Text that is no block of addresses, and why.
package struct IPNetworkError: Error, Hashable, CustomStringConvertible {
    package let text: String
    package let problem: String

    package var description: String { "network '\(text)': \(problem)" }
}

extension IPAddress {
    var width: Int {
        switch self {
        case .v4: 32
        case .v6: 128
        }
    }

    func masked(to prefix: Int) -> Self {
        switch self {
        case .v4(let bits): .v4(bits & ~(UInt32.max >> UInt32(prefix)))
        case .v6(let bits): .v6(bits & ~(UInt128.max >> UInt128(prefix)))
        }
    }
}
