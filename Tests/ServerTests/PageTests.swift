// SPDX-License-Identifier: Apache-2.0

import CurlClient
import FoundationEssentials
import HTTPTypes
import Server
import SystemPackage
import Testing

@Suite(.timeLimit(.minutes(1)))
struct PageTests {
    @Test func `the page runs its own script and style alone, and asks its own server alone`() async throws {
        try await withServer { address async throws in
            let client = try HTTPClient(PageTests.anywhere)
            let answer = try await client.send(HTTPClient.Request(try EndpointURL("http://\(address)/"), method: .get))
            #expect(answer.status == 200)
            #expect(answer.headers[.contentType] == "text/html; charset=utf-8")
            let policy = try #require(answer.headers[.contentSecurityPolicy])
            #expect(policy.hasPrefix("default-src 'none'; script-src 'sha256-"))
            #expect(policy.contains("connect-src 'self'") && policy.contains("frame-ancestors 'none'"))
            #expect(!policy.contains("unsafe") && !policy.contains("'none'; style-src 'none'"))
            #expect(String(decoding: answer.body, as: UTF8.self) == Page.html)
            // Nothing from elsewhere, and nothing that the policy would keep from running.
            for forbidden in ["http://", "https://", "src=", "style=", "onclick", "innerHTML"] {
                #expect(!Page.html.contains(forbidden), "\(forbidden)")
            }
        }
    }

    static let anywhere: HTTPClientConfiguration = {
        var configuration = HTTPClientConfiguration()
        if let loopback = try? IPNetwork("127.0.0.0/8") {
            configuration.addressPolicy = AddressPolicy(allowedNetworks: [loopback], allowsPlainHTTP: true)
        }
        configuration.maximumBodySize = 1 << 20
        return configuration
    }()
}
