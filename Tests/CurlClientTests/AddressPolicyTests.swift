// SPDX-License-Identifier: Apache-2.0

import CurlClient
import Testing

@Suite struct AddressPolicyTests {
    /// First and last address of every block of the IANA registries of special-purpose addresses that must not be
    /// reached, and addresses inside that have played a part in attacks.
    static let refused: [(address: String, name: String)] = [
        ("0.0.0.0", "unspecified"), ("0.0.0.1", "this network"), ("0.255.255.255", "this network"),
        ("10.0.0.0", "private"), ("10.255.255.255", "private"),
        ("100.64.0.0", "carrier-grade NAT"), ("100.100.100.200", "carrier-grade NAT"),
        ("100.127.255.255", "carrier-grade NAT"),
        ("127.0.0.0", "loopback"), ("127.0.0.1", "loopback"), ("127.255.255.255", "loopback"),
        ("168.63.129.16", "Azure platform"),
        ("169.254.0.0", "link-local"), ("169.254.169.254", "link-local"), ("169.254.255.255", "link-local"),
        ("172.16.0.0", "private"), ("172.31.255.255", "private"),
        ("192.0.0.0", "protocol assignments"), ("192.0.0.192", "protocol assignments"),
        ("192.0.0.255", "protocol assignments"),
        ("192.0.2.0", "documentation"), ("192.0.2.255", "documentation"),
        ("192.31.196.0", "AS112"), ("192.31.196.255", "AS112"),
        ("192.52.193.0", "AMT"), ("192.52.193.255", "AMT"),
        ("192.88.99.0", "6to4 relay"), ("192.88.99.255", "6to4 relay"),
        ("192.168.0.0", "private"), ("192.168.255.255", "private"),
        ("192.175.48.0", "AS112"), ("192.175.48.255", "AS112"),
        ("198.18.0.0", "benchmarking"), ("198.19.255.255", "benchmarking"),
        ("198.51.100.0", "documentation"), ("198.51.100.255", "documentation"),
        ("203.0.113.0", "documentation"), ("203.0.113.255", "documentation"),
        ("224.0.0.0", "multicast"), ("239.255.255.255", "multicast"),
        ("240.0.0.0", "reserved"), ("255.255.255.254", "reserved"), ("255.255.255.255", "broadcast"),

        ("::", "unspecified"), ("::1", "loopback"),
        ("::2", "IPv4-compatible"), ("::7f00:1", "IPv4-compatible"), ("::ffff:ffff", "IPv4-compatible"),
        ("::ffff:0:0", "IPv4-mapped"), ("::ffff:127.0.0.1", "IPv4-mapped"), ("::ffff:8.8.8.8", "IPv4-mapped"),
        ("::ffff:255.255.255.255", "IPv4-mapped"),
        ("::ffff:0:127.0.0.1", "IPv4-translated"),
        ("64:ff9b::", "NAT64"), ("64:ff9b::a9fe:a9fe", "NAT64"), ("64:ff9b::ffff:ffff", "NAT64"),
        ("64:ff9b:1::", "local NAT64"), ("64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "local NAT64"),
        ("100::", "discard"), ("100::ffff:ffff:ffff:ffff", "discard"), ("100:0:0:1::", "dummy"),
        ("2001::", "Teredo"), ("2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "Teredo"),
        ("2001:2::", "benchmarking"), ("2001:2:0:ffff:ffff:ffff:ffff:ffff", "benchmarking"),
        ("2001:10::", "ORCHID"), ("2001:1f:ffff:ffff:ffff:ffff:ffff:ffff", "ORCHID"),
        ("2001:20::", "ORCHIDv2"), ("2001:2f:ffff:ffff:ffff:ffff:ffff:ffff", "ORCHIDv2"),
        ("2001:30::", "drone identification"), ("2001:3f:ffff:ffff:ffff:ffff:ffff:ffff", "drone identification"),
        ("2001:1::1", "protocol assignments"), ("2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "protocol assignments"),
        ("2001:db8::", "documentation"), ("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "documentation"),
        ("2002::", "6to4"), ("2002:7f00:1::", "6to4"), ("2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "6to4"),
        ("2620:4f:8000::", "AS112"), ("2620:4f:8000:ffff:ffff:ffff:ffff:ffff", "AS112"),
        ("3fff::", "documentation"), ("3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "documentation"),
        ("5f00::", "segment routing"), ("5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "segment routing"),
        ("fc00::", "unique local"), ("fd00:ec2::254", "unique local"),
        ("fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "unique local"),
        ("fe80::", "link-local"), ("febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "link-local"),
        ("fec0::", "site-local"), ("feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "site-local"),
        ("ff00::", "multicast"), ("ff02::1", "multicast"), ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast"),
        ("1::", "not global unicast"), ("1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "not global unicast"),
        ("4000::", "not global unicast"), ("fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "not global unicast"),
    ]

    /// The neighbours of the refused blocks, and well-known public addresses.
    static let allowed = [
        "1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
        "168.63.129.15", "168.63.129.17", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0",
        "191.255.255.255", "192.0.1.0", "192.0.3.0", "192.31.195.255", "192.31.197.0", "192.52.192.255",
        "192.52.194.0", "192.88.98.255", "192.88.100.0", "192.167.255.255", "192.169.0.0", "192.175.47.255",
        "192.175.49.0", "198.17.255.255", "198.20.0.0", "198.51.99.255", "198.51.101.0", "203.0.112.255",
        "203.0.114.0", "223.255.255.255", "8.8.8.8",
        "2000::", "2001:200::", "2001:db7:ffff::", "2001:db9::", "2001:4860:4860::8888", "2003::", "2620:4f:7fff::",
        "2620:4f:8001::", "3ffe:ffff::", "3fff:1000::",
    ]

    @Test(arguments: refused)
    func `an address that is not public is refused, by the name of its range`(address: String, name: String) throws {
        let address = try #require(IPAddress(address))
        let refusal = try #require(AddressPolicy().refusal(of: address, plain: false))
        guard case .range(let range) = refusal.reason else {
            Issue.record("refused for another reason: \(refusal)")
            return
        }
        #expect(range.name == name)
        #expect(range.network.contains(address))
        #expect(AddressPolicy(allowsPlainHTTP: true).refusal(of: address, plain: true) == refusal)
    }

    @Test(arguments: allowed)
    func `a public address is allowed with TLS`(address: String) throws {
        #expect(AddressPolicy().refusal(of: try #require(IPAddress(address)), plain: false) == nil)
    }

    @Test func `every refused range has an example in the table above`() {
        let addresses = Self.refused.compactMap { IPAddress($0.address) }
        let without = AddressPolicy.refusedRanges.filter { range in
            !addresses.contains { address in
                AddressPolicy.refusedRanges.first { $0.network.contains(address) } == range
            }
        }
        #expect(without == [])
    }

    @Test func `an allowed network opens itself and nothing beside it`() throws {
        let policy = AddressPolicy(allowedNetworks: [try IPNetwork("10.1.0.0/16"), try IPNetwork("fd00:1::/32")])
        let verdicts = ["10.1.2.3", "10.2.0.1", "fd00:1::5", "fd00:2::5", "::ffff:10.1.2.3", "64:ff9b::a01:203"].map {
            IPAddress($0).map { policy.refusal(of: $0, plain: false) == nil }
        }
        #expect(verdicts == [true, false, true, false, false, false])
    }

    @Test func `plain http goes to an allowed loopback address, elsewhere only when configured`() throws {
        let networks = [try IPNetwork("127.0.0.0/8"), try IPNetwork("::1"), try IPNetwork("10.0.0.0/8")]
        let addresses = ["127.0.0.1", "::1", "10.0.0.1", "8.8.8.8"].compactMap { IPAddress($0) }
        func allowed(_ policy: AddressPolicy) -> [Bool] {
            addresses.map { policy.refusal(of: $0, plain: true) == nil }
        }
        #expect(allowed(AddressPolicy()) == [false, false, false, false])
        #expect(allowed(AddressPolicy(allowedNetworks: networks)) == [true, true, false, false])
        #expect(allowed(AddressPolicy(allowsPlainHTTP: true)) == [false, false, false, true])
        #expect(allowed(AddressPolicy(allowedNetworks: networks, allowsPlainHTTP: true)) == [true, true, true, true])
    }

    @Test func `a refusal says what was refused and how to allow it`() throws {
        let policy = AddressPolicy()
        let inward = policy.refusal(of: try #require(IPAddress("169.254.169.254")), plain: false)
        #expect(
            inward?.description
                == "169.254.169.254 is in 169.254.0.0/16 (link-local); "
                + "add a network to notifications.allow_networks if it is meant"
        )
        let plain = policy.refusal(of: try #require(IPAddress("8.8.8.8")), plain: true)
        #expect(
            plain?.description
                == "8.8.8.8 would be reached without TLS; use https, or allow plain http in the configuration"
        )
    }
}
