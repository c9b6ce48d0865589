// SPDX-License-Identifier: Apache-2.0

import Glibc

/// An IPv4 or IPv6 address, without port and without zone.
package enum IPAddress: Hashable, Sendable {
    /// The 32 bits in the order they are written: 127.0.0.1 is `0x7f000001`.
    case v4(UInt32)
    /// The 128 bits in the order they are written: ::1 is `1`.
    case v6(UInt128)

    /// Reads dotted decimal or RFC 4291 text; `nil` for anything else, shortened and octal IPv4 included.
    package init?(_ text: String) {
        var v4 = in_addr()
        var v6 = in6_addr()
        if inet_pton(AF_INET, text, &v4) == 1 {
            self.init(v4)
        } else if inet_pton(AF_INET6, text, &v6) == 1 {
            self.init(v6)
        } else {
            return nil
        }
    }

    init(_ address: in_addr) {
        self = .v4(UInt32(bigEndian: address.s_addr))
    }

    init(_ address: in6_addr) {
        self = .v6(withUnsafeBytes(of: address) { bytes in bytes.reduce(0) { $0 << 8 | UInt128($1) } })
    }

    /// The address a socket is about to connect to; `nil` for families other than IPv4 and IPv6.
    init?(_ address: UnsafePointer<sockaddr>) {
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            self.init(UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in.self).sin_addr)
        case AF_INET6:
            self.init(UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in6.self).sin6_addr)
        default:
            return nil
        }
    }

    /// Whether packets for it never leave this machine: 127.0.0.0/8 and ::1.
    package var isLoopback: Bool {
        switch self {
        case .v4(let bits): bits >> 24 == 127
        case .v6(let bits): bits == 1
        }
    }
}

extension IPAddress: CustomStringConvertible {
    /// The canonical text form (RFC 5952 for IPv6).
    package var description: String {
        switch self {
        case .v4(let bits):
            "\(bits >> 24).\(bits >> 16 & 0xff).\(bits >> 8 & 0xff).\(bits & 0xff)"
        case .v6(let bits):
            withUnsafeBytes(of: bits.bigEndian) { bytes in
                var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
                inet_ntop(AF_INET6, bytes.baseAddress, &text, socklen_t(text.count))
                return text.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
            }
        }
    }
}
