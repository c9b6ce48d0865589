// SPDX-License-Identifier: Apache-2.0

import CurlClient
import HTTPTypes
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// Refusals by the client itself: these requests never leave this machine.
@Suite(.timeLimit(.minutes(1))) struct HTTPClientRefusalTests {
    private func client(allowing networks: [String] = [], hosts: PrivateHosts? = nil) throws -> HTTPClient {
        var configuration = HTTPClientConfiguration()
        configuration.addressPolicy.allowedNetworks = try networks.map { try IPNetwork($0) }
        configuration.nameCache = .zero
        configuration.connectTimeout = .milliseconds(500)
        return try hosts?.client(configuration) ?? HTTPClient(configuration)
    }

    private func failure(_ client: HTTPClient, _ url: String) async throws -> HTTPFailure? {
        do throws(HTTPFailure) {
            _ = try await client.send(HTTPClient.Request(try endpoint(url)))
            return nil
        } catch {
            return error
        }
    }

    private func endpoint(_ url: String) throws(HTTPFailure) -> EndpointURL {
        do { return try EndpointURL(url) } catch { throw HTTPFailure(.invalidRequest, "\(error)") }
    }

    @Test(arguments: [
        "127.0.0.1", "127.1", "2130706433", "0x7f000001", "017700000001", "0.0.0.0", "127.0.0.2", "localhost", "[::1]",
        "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
    ])
    func `a listener on this machine sees no connection, however its address is spelled`(host: String) async throws {
        let listener = try LoopbackListener()
        let client = try client()
        let codes = [
            try await failure(client, "http://\(host):\(listener.port)/")?.code,
            try await failure(client, "https://\(host):\(listener.port)/")?.code,
        ]
        #expect(codes == [.refusedAddress, .refusedAddress])
        #expect(listener.connections() == 0)
    }

    @Test func `the same listener sees the connection when its address is allowed`() async throws {
        let listener = try LoopbackListener()
        let client = try client(allowing: ["127.0.0.0/8"])
        let request = HTTPClient.Request(try EndpointURL("https://127.0.0.1:\(listener.port)/"))
        let task = Task { try? await client.send(request) }
        var connections = 0
        while connections == 0 {
            connections = listener.connections()
            await Task.yield()
        }
        task.cancel()
        _ = await task.value
        #expect(connections == 1)
    }

    @Test(.enabled(if: PrivateHosts.isAvailable, "takes root"))
    func `the whole table is refused when a name resolves to it`() async throws {
        let hosts = try await PrivateHosts()
        let table = AddressPolicyTests.refused.map(\.address)
        let names = Dictionary(uniqueKeysWithValues: table.enumerated().map { ("name\($0.offset).test", $0.element) })
        try hosts.write(names)
        let client = try client(hosts: hosts)
        for (name, address) in names {
            let failure = try await failure(client, "https://\(name)/")
            #expect(failure?.code == .refusedAddress, "\(address): \(String(describing: failure))")
            #expect(failure?.address?.description == IPAddress(address)?.description)
        }
    }

    @Test(.enabled(if: PrivateHosts.isAvailable, "takes root"))
    func `a name that is rebound after it was judged is judged again, at the address connected to`() async throws {
        let outside = try await WebhookReceiver.start(address: "127.0.0.2")
        let inside = try LoopbackListener("127.0.0.1", port: outside.port)
        let hosts = try await PrivateHosts()
        let client = try client(allowing: ["127.0.0.2"], hosts: hosts)
        let url = outside.url("/ok", host: "rebound.test")

        try hosts.write(["rebound.test": "127.0.0.2"])
        #expect(try await client.send(HTTPClient.Request(try EndpointURL(url))).address == IPAddress("127.0.0.2"))

        try hosts.write(["rebound.test": "127.0.0.1"])
        // A client without connections resolves again. The first one might still use its connection, or find it closed.
        let another = try self.client(allowing: ["127.0.0.2"], hosts: hosts)
        let failure = try await failure(another, url)
        #expect(failure?.code == .refusedAddress)
        #expect(failure?.address == IPAddress("127.0.0.1"))
        #expect(inside.connections() == 0)
        #expect(try outside.received.map(\.path) == ["/ok"])
    }

    @Test(.enabled(if: PrivateHosts.isAvailable, "takes root"))
    func `a name server that answers another address the second time leads nowhere`() async throws {
        let outside = try await WebhookReceiver.start(address: "127.0.0.2")
        let inside = try LoopbackListener("127.0.0.1", port: outside.port)
        let python = WebhookReceiver.python(
            [WebhookReceiver.script("dns_server.py").string, "--address", "127.0.0.77", "127.0.0.2", "127.0.0.1"]
        )
        let nameserver = try await RunningProcess.start(python.executable, python.arguments)
        _ = try await nameserver.line(containing: "\"port\"")
        var configuration = HTTPClientConfiguration()
        configuration.addressPolicy.allowedNetworks = [try IPNetwork("127.0.0.2")]
        configuration.nameCache = .zero
        let client = try await PrivateHosts.client(configuration, nameserver: "127.0.0.77")
        let url = outside.url("/ok", host: "rebound.test")
        let first = try await client.send(HTTPClient.Request(try EndpointURL(url)))
        #expect(first.address == IPAddress("127.0.0.2"))
        // A client without connections resolves again. The first one might still use its connection, or find it closed.
        let another = try await PrivateHosts.client(configuration, nameserver: "127.0.0.77")
        let refusal = try await failure(another, url)
        #expect(refusal?.code == .refusedAddress)
        #expect(refusal?.address == IPAddress("127.0.0.1"))
        #expect(inside.connections() == 0)
        _ = try await nameserver.line(containing: "\"answer\": \"127.0.0.1\"")
        #expect(try await outside.requests(1).map(\.path) == ["/ok"])
        #expect(try outside.received.count == 1)
        try await nameserver.end()
    }

    @Test(.enabled(if: PrivateHosts.isAvailable, "takes root"))
    func `plain http to a public address is refused before it is sent`() async throws {
        let hosts = try await PrivateHosts()
        try hosts.write(["public.test": "198.51.99.1"])
        let failure = try await failure(try client(hosts: hosts), "http://public.test/")
        #expect(failure?.code == .refusedAddress)
        #expect(
            failure?.message
                == "198.51.99.1 would be reached without TLS; use https, or allow plain http in the configuration"
        )
    }

    @Test(.enabled(if: PrivateHosts.isAvailable, "takes root"))
    func `a name that gets no answer holds up nobody, and its request ends in time`() async throws {
        let receiver = try await WebhookReceiver.start()
        let hosts = try await PrivateHosts()
        try hosts.fallSilent()
        let client = try client(allowing: ["127.0.0.0/8"], hosts: hosts)
        // If the loop waited for the resolver, the second request would never be answered.
        #expect(try await failure(client, "https://silent.test/")?.code == .timeout)
        #expect(try await client.send(HTTPClient.Request(try EndpointURL(receiver.url("/ok")))).status == 200)
        try hosts.answerAll()
    }
}
