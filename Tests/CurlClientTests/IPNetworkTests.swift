// SPDX-License-Identifier: Apache-2.0

import CurlClient
import Testing

@Suite struct IPNetworkTests {
    @Test(arguments: [
        "0.0.0.0", "1.2.3.4", "255.255.255.255", "::", "::1", "2001:db8::1", "::ffff:10.0.0.1",
        "1:2:3:4:5:6:7:8", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    ])
    func `an address is printed as it is written`(text: String) {
        #expect(IPAddress(text)?.description == text)
    }

    @Test(arguments: [
        "", "1.2.3", "1.2.3.4.5", "256.0.0.1", "127.1", "0x7f.0.0.1", "01.2.3.4", "::g", "[::1]", "fe80::1%lo",
    ])
    func `other text is no address`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.0.0.0/8"), ("0.0.0.0/0", "0.0.0.0/0"), ("192.0.2.7", "192.0.2.7/32"), ("::/0", "::/0"),
        ("fd00::/8", "fd00::/8"), ("::1", "::1/128"),
    ])
    func `a network is read from CIDR notation or a bare address`(text: String, printed: String) throws {
        #expect(try IPNetwork(text).description == printed)
    }

    @Test(arguments: [
        ("10.0.0.5/8", "network '10.0.0.5/8': bits after the prefix are set; did you mean 10.0.0.0/8?"),
        ("fd00::1/64", "network 'fd00::1/64': bits after the prefix are set; did you mean fd00::/64?"),
        ("10.0.0.0/33", "network '10.0.0.0/33': the prefix must be a number from 0 to 32"),
        ("10.0.0.0/-1", "network '10.0.0.0/-1': the prefix must be a number from 0 to 32"),
        ("10.0.0.0/", "network '10.0.0.0/': the prefix must be a number from 0 to 32"),
        ("::/129", "network '::/129': the prefix must be a number from 0 to 128"),
        ("example.com", "network 'example.com': it is not an address in CIDR notation, such as 10.0.0.0/8"),
        ("10.0.0.0/8/8", "network '10.0.0.0/8/8': it is not an address in CIDR notation, such as 10.0.0.0/8"),
    ])
    func `a network that cannot be meant is an error with a remedy`(text: String, message: String) {
        let error = #expect(throws: IPNetworkError.self) { try IPNetwork(text) }
        #expect(error?.description == message)
    }

    @Test func `a network contains its own family only`() throws {
        let everything = [try IPNetwork("0.0.0.0/0"), try IPNetwork("::/0")]
        let addresses = ["127.0.0.1", "::1"].compactMap { IPAddress($0) }
        #expect(everything.map { network in addresses.map(network.contains) } == [[true, false], [false, true]])
    }
}
