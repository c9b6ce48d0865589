// SPDX-License-Identifier: Apache-2.0

extension AddressPolicy {
    /// Everything that is not public unicast, first match first: the IANA registries of special-purpose addresses, and
    /// what clouds use besides.
    package static let refusedRanges: [RefusedRange] = [
        v4([0], 32, "unspecified", "RFC 1122"),
        v4([0], 8, "this network", "RFC 791"),
        v4([10], 8, "private", "RFC 1918"),
        v4([100, 64], 10, "carrier-grade NAT", "RFC 6598"),
        v4([127], 8, "loopback", "RFC 1122"),
        v4([168, 63, 129, 16], 32, "Azure platform", "Azure virtual network documentation"),
        v4([169, 254], 16, "link-local", "RFC 3927"),
        v4([172, 16], 12, "private", "RFC 1918"),
        v4([192], 24, "protocol assignments", "RFC 6890"),
        v4([192, 0, 2], 24, "documentation", "RFC 5737"),
        v4([192, 31, 196], 24, "AS112", "RFC 7535"),
        v4([192, 52, 193], 24, "AMT", "RFC 7450"),
        v4([192, 88, 99], 24, "6to4 relay", "RFC 7526"),
        v4([192, 168], 16, "private", "RFC 1918"),
        v4([192, 175, 48], 24, "AS112", "RFC 7534"),
        v4([198, 18], 15, "benchmarking", "RFC 2544"),
        v4([198, 51, 100], 24, "documentation", "RFC 5737"),
        v4([203, 0, 113], 24, "documentation", "RFC 5737"),
        v4([224], 4, "multicast", "RFC 1112"),
        v4([255, 255, 255, 255], 32, "broadcast", "RFC 919"),
        v4([240], 4, "reserved", "RFC 1112"),

        v6([0], 128, "unspecified", "RFC 4291"),
        v6([0, 0, 0, 0, 0, 0, 0, 1], 128, "loopback", "RFC 4291"),
        v6([0], 96, "IPv4-compatible", "RFC 4291"),
        v6([0, 0, 0, 0, 0, 0xffff], 96, "IPv4-mapped", "RFC 4291"),
        v6([0, 0, 0, 0, 0xffff], 96, "IPv4-translated", "RFC 2765"),
        v6([0x64, 0xff9b], 96, "NAT64", "RFC 6052"),
        v6([0x64, 0xff9b, 1], 48, "local NAT64", "RFC 8215"),
        v6([0x100], 64, "discard", "RFC 6666"),
        v6([0x100, 0, 0, 1], 64, "dummy", "RFC 9780"),
        v6([0x2001], 32, "Teredo", "RFC 4380"),
        v6([0x2001, 2], 48, "benchmarking", "RFC 5180"),
        v6([0x2001, 0x10], 28, "ORCHID", "RFC 4843"),
        v6([0x2001, 0x20], 28, "ORCHIDv2", "RFC 7343"),
        v6([0x2001, 0x30], 28, "drone identification", "RFC 9374"),
        v6([0x2001], 23, "protocol assignments", "RFC 2928"),
        v6([0x2001, 0xdb8], 32, "documentation", "RFC 3849"),
        v6([0x2002], 16, "6to4", "RFC 3056"),
        v6([0x2620, 0x4f, 0x8000], 48, "AS112", "RFC 7534"),
        v6([0x3fff], 20, "documentation", "RFC 9637"),
        v6([0x5f00], 16, "segment routing", "RFC 9602"),
        v6([0xfc00], 7, "unique local", "RFC 4193"),
        v6([0xfe80], 10, "link-local", "RFC 4291"),
        v6([0xfec0], 10, "site-local", "RFC 3879"),
        v6([0xff00], 8, "multicast", "RFC 4291"),

        // Global unicast is 2000::/3. Blocks that are assigned elsewhere later are refused until this list names them.
        v6([0], 3, "not global unicast", "RFC 4291"),
        v6([0x4000], 2, "not global unicast", "RFC 4291"),
        v6([0x8000], 1, "not global unicast", "RFC 4291"),
    ]

    /// - Parameter start: The leading octets of the first address; the rest is zero.
    private static func v4(_ start: [UInt32], _ prefix: Int, _ name: String, _ source: String) -> RefusedRange {
        let bits = start.reduce(0) { $0 << 8 | $1 } << UInt32(8 * (4 - start.count))
        return RefusedRange(network: IPNetwork(address: .v4(bits), prefix: prefix), name: name, source: source)
    }

    /// - Parameter start: The leading 16-bit groups of the first address; the rest is zero.
    private static func v6(_ start: [UInt128], _ prefix: Int, _ name: String, _ source: String) -> RefusedRange {
        let bits = start.reduce(0) { $0 << 16 | $1 } << UInt128(16 * (8 - start.count))
        return RefusedRange(network: IPNetwork(address: .v6(bits), prefix: prefix), name: name, source: source)
    }
}
