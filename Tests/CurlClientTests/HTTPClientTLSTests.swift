// SPDX-License-Identifier: Apache-2.0

import CurlClient
import HTTPTypes
import Subprocess
import SystemPackage
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct HTTPClientTLSTests {
    private func code(_ url: String, _ authorities: HTTPClientConfiguration.Authorities) async throws -> HTTPFailure
        .Code?
    {
        var configuration = HTTPClientConfiguration()
        configuration.addressPolicy.allowedNetworks = [try IPNetwork("127.0.0.0/8")]
        configuration.authorities = authorities
        let client = try HTTPClient(configuration)
        let request = HTTPClient.Request(try EndpointURL(url))
        do throws(HTTPFailure) {
            let response = try await client.send(request)
            #expect(response.status == 200)
            return nil
        } catch {
            return error.code
        }
    }

    @Test func `a certificate counts only from a trusted authority and for the host it names`() async throws {
        let authority = try await ThrowawayAuthority.make(for: "DNS:receiver.test,IP:127.0.0.1")
        let receiver = try await WebhookReceiver.start(identity: authority.identity)
        let trusted = HTTPClientConfiguration.Authorities.file(authority.certificate.string)

        #expect(try await code(receiver.url("/ok"), trusted) == nil)
        #expect(try await code(receiver.url("/ok"), .system) == .tls)
        #expect(try await code(receiver.url("/ok", host: "localhost"), trusted) == .tls)
        #expect(try await code(receiver.url("/ok"), .file("/nowhere/ca.pem")) == .tls)
        #expect(try await receiver.requests(1).count == 1)
        #expect(try receiver.received.count == 1)
    }

    @Test func `to a server that offers HTTP 2 many requests go at once over one connection`() async throws {
        let authority = try await ThrowawayAuthority.make(for: "IP:127.0.0.1")
        let count = 12
        let receiver = try await WebhookReceiver.start(
            identity: authority.identity,
            script: "h2_receiver.py",
            options: ["--together", "\(count)"]
        )
        var configuration = HTTPClientConfiguration()
        configuration.addressPolicy.allowedNetworks = [try IPNetwork("127.0.0.0/8")]
        configuration.authorities = .file(authority.certificate.string)
        let client = try HTTPClient(configuration)
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<count {
                let request = HTTPClient.Request(
                    try EndpointURL(receiver.url("/ok")),
                    headers: try HTTPFields(checking: ["webhook-id": "\(number)"]),
                    body: Array("body \(number)".utf8)
                )
                group.addTask { try await client.send(request).status.code }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses == Array(repeating: 200, count: count))
        let requests = try await receiver.requests(count)
        #expect(Set(requests.map(\.version)) == ["2"])
        #expect(Set(requests.map(\.body)) == Set((0..<count).map { "body \($0)" }))
        #expect(Set(requests.map(\.clientPort)).count == 1)
    }

    @Test func `a server that does not speak TLS is a failure of TLS`() async throws {
        let receiver = try await WebhookReceiver.start()
        #expect(try await code("https://127.0.0.1:\(receiver.port)/ok", .system) == .tls)
    }
}

/// A certificate authority of one test, and a server's certificate signed by it.
private struct ThrowawayAuthority {
    let certificate: FilePath
    let identity: WebhookReceiver.Identity

    /// - Parameter names: The server's names as OpenSSL writes them.
    static func make(for names: String) async throws -> ThrowawayAuthority {
        let directory = try await TestArea.shared.makeDirectory("authority")
        func file(_ name: String) -> String { directory.appending(name).string }
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        let steps = [
            ["req", "-x509"] + key
                + ["-keyout", file("ca.key"), "-out", file("ca.pem"), "-days", "1", "-subj", "/CN=Stoker test CA"],
            ["req", "-x509", "-CA", file("ca.pem"), "-CAkey", file("ca.key")] + key
                + ["-keyout", file("server.key"), "-out", file("server.pem"), "-days", "1", "-subj", "/CN=receiver"]
                + ["-addext", "subjectAltName=\(names)", "-addext", "basicConstraints=critical,CA:FALSE"],
        ]
        for step in steps {
            let outcome = try await RunningProcess.outcome(of: "/usr/bin/openssl", step)
            try #require(outcome.status.isSuccess, "\(outcome.standardError)")
        }
        return ThrowawayAuthority(
            certificate: directory.appending("ca.pem"),
            identity: .init(certificate: directory.appending("server.pem"), key: directory.appending("server.key"))
        )
    }
}
