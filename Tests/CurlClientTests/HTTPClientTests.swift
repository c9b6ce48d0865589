// SPDX-License-Identifier: Apache-2.0

import CurlClient
import FoundationEssentials
import Glibc
import HTTPTypes
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct HTTPClientTests {
    private func client(_ change: (inout HTTPClientConfiguration) -> Void = { _ in }) throws -> HTTPClient {
        var configuration = HTTPClientConfiguration()
        configuration.addressPolicy.allowedNetworks = [try IPNetwork("127.0.0.0/8")]
        change(&configuration)
        return try HTTPClient(configuration)
    }

    private func failure(_ client: HTTPClient, _ url: EndpointURL) async -> HTTPFailure? {
        do throws(HTTPFailure) {
            _ = try await client.send(HTTPClient.Request(url))
            return nil
        } catch {
            return error
        }
    }

    @Test func `a request arrives as it was given, and the answer comes back whole`() async throws {
        let receiver = try await WebhookReceiver.start()
        let body = Array("{\"schlüssel\":\"wert\",\"nothing\":\"\"}".utf8)
        let response = try await client { $0.userAgent = "stoker/test" }.send(
            HTTPClient.Request(
                try EndpointURL(receiver.url("/status/201?retry_after=7")),
                headers: [.contentType: "application/json", HTTPField.Name(known: "X-Empty"): ""],
                body: body
            )
        )
        let request = try #require(try await receiver.requests(1).first)
        #expect(request.method == "POST")
        #expect(request.body == String(decoding: body, as: UTF8.self))
        #expect(
            request.headers == [
                "accept": "*/*", "content-length": "\(body.count)", "content-type": "application/json",
                "host": "127.0.0.1:\(receiver.port)", "user-agent": "stoker/test", "x-empty": "",
            ]
        )
        #expect(response.status == 201)
        #expect(response.body == Array("as asked".utf8))
        #expect(!response.isTruncated)
        #expect(response.headers[.retryAfter] == "7")
        #expect(response.headers[.date] != nil)
        #expect(response.address == IPAddress("127.0.0.1"))
        #expect(response.latency > .zero)
    }

    @Test func `GET and an empty POST are sent as such`() async throws {
        let receiver = try await WebhookReceiver.start()
        let client = try client()
        let url = try EndpointURL(receiver.url("/ok"))
        _ = try await client.send(HTTPClient.Request(url, method: .get))
        _ = try await client.send(HTTPClient.Request(url))
        let requests = try await receiver.requests(2)
        #expect(requests.map(\.method) == ["GET", "POST"])
        #expect(requests.map { $0.headers["content-length"] } == [nil, "0"])
    }

    @Test func `a redirect is an answer; its target is never asked`() async throws {
        let receiver = try await WebhookReceiver.start()
        let response = try await client().send(HTTPClient.Request(try EndpointURL(receiver.url("/redirect"))))
        #expect(response.status == 302)
        #expect(response.headers[.location] == "/target")
        #expect(try await receiver.requests(1).map(\.path) == ["/redirect"])
        #expect(try receiver.received.count == 1)
    }

    @Test func `of 50 MB the first 4 KiB are read`() async throws {
        let receiver = try await WebhookReceiver.start()
        let response = try await client().send(HTTPClient.Request(try EndpointURL(receiver.url("/large"))))
        #expect(response.status == 200)
        #expect(response.body == [UInt8](repeating: UInt8(ascii: "x"), count: 4096))
        #expect(response.isTruncated)
    }

    @Test(arguments: [
        ("/hang", HTTPFailure.Code.timeout), ("/drip", .timeout), ("/reset", .reset), ("/half", .reset),
        ("/headers", .tooLarge), ("/nonsense", .protocol),
    ])
    func `a server that misbehaves is a failure with its kind`(path: String, code: HTTPFailure.Code) async throws {
        let receiver = try await WebhookReceiver.start()
        let client = try client { $0.timeout = .milliseconds(1500) }
        let failure = await failure(client, try EndpointURL(receiver.url(path)))
        #expect(failure?.code == code, "\(String(describing: failure))")
        #expect(failure?.address == IPAddress("127.0.0.1"))
    }

    @Test func `a closed port and an unknown name are failures with their kind`() async throws {
        let receiver = try await WebhookReceiver.start()
        let url = try EndpointURL(receiver.url("/ok"))
        try await receiver.end()
        let client = try client()
        #expect(await failure(client, url)?.code == .connect)
        #expect(await failure(client, try EndpointURL("https://name.invalid/"))?.code == .dns)
    }

    @Test func `a connection is kept and used again`() async throws {
        let receiver = try await WebhookReceiver.start()
        let client = try client()
        for _ in 0..<3 { _ = try await client.send(HTTPClient.Request(try EndpointURL(receiver.url("/ok")))) }
        #expect(Set(try await receiver.requests(3).map(\.clientPort)).count == 1)
    }

    @Test func `a slow endpoint keeps to its share and delays nobody else`() async throws {
        let receiver = try await WebhookReceiver.start()
        let client = try client {
            $0.maximumTransfersPerKey = 4
            $0.timeout = .seconds(50)
        }
        let slow = try EndpointURL(receiver.url("/hang"))
        let hanging = (0..<40).map { _ in
            Task {
                do throws(HTTPFailure) {
                    return try await client.send(HTTPClient.Request(slow, concurrencyKey: "slow")).status.code
                } catch {
                    return error.code == .canceled ? 0 : -1
                }
            }
        }
        _ = try await receiver.requests(4)
        for number in 0..<100 {
            let url = try EndpointURL(receiver.url("/ok/\(number)"))
            #expect(try await client.send(HTTPClient.Request(url, concurrencyKey: "fast")).status == 200)
        }
        #expect(try receiver.received.count { $0.path == "/hang" } == 4)
        for task in hanging { task.cancel() }
        for task in hanging { #expect(await task.value == 0) }
    }

    @Test func `200 requests at once all arrive`() async throws {
        let receiver = try await WebhookReceiver.start()
        let client = try client { $0.maximumTransfersPerKey = 200 }
        let url = receiver.url("/ok")
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<200 {
                let request = HTTPClient.Request(try EndpointURL("\(url)/\(number)"))
                group.addTask { try await client.send(request).status.code }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses == [Int](repeating: 200, count: 200))
        #expect(Set(try await receiver.requests(200).map(\.path)) == Set((0..<200).map { "/ok/\($0)" }))
    }

    @Test func `cancelling a request ends it at once, before, while it waits, and while it runs`() async throws {
        let receiver = try await WebhookReceiver.start()
        let client = try client {
            $0.maximumTransfersPerKey = 1
            $0.timeout = .seconds(50)
        }
        let url = try EndpointURL(receiver.url("/hang"))
        let running = Task { await failure(client, url)?.code }
        _ = try await receiver.requests(1)
        let waiting = Task { await failure(client, url)?.code }
        let late = Task {
            while !Task.isCancelled { await Task.yield() }
            return await failure(client, url)?.code
        }
        for task in [late, waiting, running] {
            task.cancel()
            #expect(await task.value == .canceled)
        }
        #expect(try receiver.received.count == 1)
    }

    @Test func `closing the client ends what runs and refuses what comes`() async throws {
        let receiver = try await WebhookReceiver.start()
        let client = try client { $0.timeout = .seconds(50) }
        let url = try EndpointURL(receiver.url("/hang"))
        let running = Task { await failure(client, url)?.code }
        _ = try await receiver.requests(1)
        client.close()
        #expect(await running.value == .clientClosed)
        #expect(await failure(client, url)?.code == .clientClosed)
    }

    @Test(arguments: [
        ("X-Name", "value\r\nX-Injected: 1"), ("X-Name\r\nX-Injected", "1"), ("", "1"), ("X Name", "1"),
        ("X-Name", "a\u{0}b"),
    ])
    func `a header that would begin another is never sent`(name: String, value: String) async throws {
        let receiver = try await WebhookReceiver.start()
        let url = try EndpointURL(receiver.url("/ok"))
        let client = try client()
        let error = await #expect(throws: HTTPFailure.self) {
            try await client.send(HTTPClient.Request(url, headers: HTTPFields(checking: [name: value])))
        }
        #expect(error?.code == .invalidRequest)
        #expect(try receiver.received == [])
    }

    @Test func `proxies of the environment count only when the configuration says so`() async throws {
        let receiver = try await WebhookReceiver.start()
        let url = receiver.url("/ok")
        // In a process of its own: the environment belongs to all tests.
        await #expect(processExitsWith: .success) { [url = url as String] in
            // Port 1 of this machine: nobody listens there.
            for name in ["http_proxy", "https_proxy", "all_proxy"] { setenv(name, "http://127.0.0.1:1", 1) }
            unsetenv("no_proxy")
            var configuration = HTTPClientConfiguration()
            configuration.addressPolicy.allowedNetworks = [try IPNetwork("127.0.0.0/8")]
            let direct = try HTTPClient(configuration)
            #expect(try await direct.send(HTTPClient.Request(try EndpointURL(url))).status == 200)
            configuration.proxy = .environment
            configuration.addressPolicy.allowsPlainHTTP = true
            let proxied = try HTTPClient(configuration)
            let error = await #expect(throws: HTTPFailure.self) {
                try await proxied.send(HTTPClient.Request(try EndpointURL(url)))
            }
            #expect(error?.code == .connect)
        }
        #expect(try await receiver.requests(1).count == 1)
    }
}
