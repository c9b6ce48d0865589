// SPDX-License-Identifier: Apache-2.0

import CurlClient
import Domain
import Operations
import Provisioning
import Store
import Testing
import Webhooks

@testable import Commands

@Suite struct NewEndpointTests {
    private static func endpoint(
        _ url: String = "https://example.com/hook?token=x",
        secret: String? = nil,
        events: [String] = [],
        headers: [String: String] = [:],
        policy: AddressPolicy = AddressPolicy()
    ) throws -> NewEndpoint {
        try NewEndpoint(
            AddEndpoint(name: "hook", url: url, secret: secret, events: events, headers: headers),
            policy: policy,
            codec: StateCodec(keys: [])
        )
    }

    @Test func `a secret is made, told once, and stored`() throws {
        let new = try Self.endpoint()
        let secret = try #require(new.generatedSecret)
        #expect(secret.hasPrefix("whsec_"))
        #expect(new.endpoint.secret == Array(secret.utf8))
        let other = try Self.endpoint()
        #expect(other.generatedSecret != secret)
    }

    @Test func `a secret that was given is not told again`() throws {
        let secret = SigningKey.randomSecret().encoded
        let new = try Self.endpoint(secret: secret)
        #expect(new.generatedSecret == nil)
        #expect(new.endpoint.secret == Array(secret.utf8))
        #expect(throws: SigningKeyError.self) { try Self.endpoint(secret: "hunter2") }
    }

    @Test func `a secret is sealed when there is a key`() throws {
        let codec = try StateCodec(keys: [[UInt8](repeating: 1, count: 32)])
        let new = try NewEndpoint(
            AddEndpoint(name: "a", url: "https://example.com"),
            policy: AddressPolicy(),
            codec: codec
        )
        let stored = try #require(new.endpoint.secret)
        let secret = try #require(new.generatedSecret)
        #expect(stored != Array(secret.utf8))
        #expect(try codec.open(stored) == Array(secret.utf8))
    }

    @Test(arguments: [
        "http://user:pass@example.com", "ftp://example.com", "example.com", "https://127.0.0.1/", "http://8.8.8.8/",
    ])
    func `a URL that must not be used is refused`(url: String) {
        #expect(throws: (any Error).self) { try Self.endpoint(url) }
    }

    @Test func `a network that the configuration allows is allowed`() throws {
        let policy = AddressPolicy(allowedNetworks: [try IPNetwork("127.0.0.0/8")])
        #expect(try Self.endpoint("http://127.0.0.1:9/x", policy: policy).endpoint.url == "http://127.0.0.1:9/x")
    }

    @Test func `an unknown event is refused with what was probably meant`() throws {
        let error = #expect(throws: Refusal.self) { try Self.endpoint(events: ["worker_los"]) }
        #expect(error?.description == "There is no event 'worker_los'. Did you mean 'worker_lost'?")
        #expect(try Self.endpoint(events: ["worker_lost"]).endpoint.events == ["worker_lost"])
    }

    @Test func `headers of the sender's own cannot be set`() {
        #expect(throws: EndpointTargetError.self) { try Self.endpoint(headers: ["webhook-id": "x"]) }
    }

    @Test func `a listing shows nothing of a URL but where it leads`() throws {
        #expect(EndpointReport(try Self.endpoint().endpoint).url == "https://example.com:443")
    }

    @Test func `the configuration's endpoint needs a secret, and its faults name the setting`() throws {
        func endpoint(_ flags: [String: String]) throws -> [String] {
            do {
                let settings = try Settings(flags: flags)
                let codec = try StateCodec(keys: [])
                let found = try ConfiguredEndpoint.endpoint(settings, policy: AddressPolicy(), codec: codec)
                return found.map { [$0.name, $0.url, $0.source.text] } ?? []
            } catch let error as SettingsError {
                return error.problems.map { String($0.prefix { $0 != ":" }) }
            }
        }
        let (url, secret) = ("notifications.webhook.url", "notifications.webhook.secret")
        let good = SigningKey.randomSecret().encoded
        #expect(try endpoint([:]) == [])
        #expect(
            try endpoint([url: "https://example.com/x", secret: good])
                == ["configuration", "https://example.com/x", "configuration"]
        )
        #expect(try endpoint([url: "https://example.com/x"]) == [secret])
        #expect(try endpoint([url: "https://example.com/x", secret: "x"]) == [secret])
        #expect(try endpoint([url: "gopher://x", secret: good]) == [url])
    }
}
