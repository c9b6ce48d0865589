// SPDX-License-Identifier: Apache-2.0

import CurlClient
import Domain
import TestSupport
import Testing
import Time
import Webhooks

/// From an event to a receiver's answer, over real connections.
@Suite(.timeLimit(.minutes(1))) struct DeliveryTests {
    private let secret = SigningKey.randomSecret()

    private func client() throws -> HTTPClient {
        var configuration = HTTPClientConfiguration()
        configuration.addressPolicy.allowedNetworks = [try IPNetwork("127.0.0.0/8")]
        configuration.timeout = .milliseconds(1500)
        return try HTTPClient(configuration)
    }

    private func deliver(
        _ type: EventType,
        _ envelope: Envelope,
        to url: String,
        keys: [SigningKey]
    ) async throws -> AttemptResult {
        let target = try EndpointTarget(url: EndpointURL(url), envelope: envelope, keys: keys, concurrencyKey: "e")
        let message = try #require(envelope.messages(for: Samples.event(type)).first)
        let now = Instant.ofThisMachine()
        let request = try target.request(
            id: message.id,
            body: message.body,
            contentType: message.contentType,
            at: now
        )
        let client = try client()
        do throws(HTTPFailure) {
            return AttemptResult(try await client.send(request), now: now)
        } catch {
            return AttemptResult(error)
        }
    }

    @Test(arguments: Envelope.allCases)
    func `receivers verify the signature of every type of event`(envelope: Envelope) async throws {
        let receiver = try await WebhookReceiver.start(secrets: [secret.encoded])
        for type in EventType.allCases {
            let result = try await deliver(type, envelope, to: receiver.url("/ok/\(type)"), keys: [secret])
            #expect(result == .answered(status: 200, retryAfter: nil), "\(type)")
        }
        let requests = try await receiver.requests(EventType.allCases.count)
        #expect(requests.map(\.verified) == requests.map { _ in true })
        #expect(Set(requests.map { $0.headers["content-type"] }) == [envelope.contentType])
        #expect(
            requests.allSatisfy { ($0.headers["x-message-id"] == $0.headers["webhook-id"]) == (envelope == .coder) }
        )
    }

    @Test func `during a rotation receivers of either secret verify; those of another do not`() async throws {
        let previous = SigningKey.randomSecret()
        for (known, status) in [(secret, 200), (previous, 200), (.randomSecret(), 401)] {
            let receiver = try await WebhookReceiver.start(secrets: [known.encoded])
            let keys = [secret, previous, .randomEd25519()]
            let result = try await deliver(.ping, .standard, to: receiver.url("/ok"), keys: keys)
            #expect(result == .answered(status: status, retryAfter: nil))
        }
    }

    @Test func `odd answers lead to the decision that fits them`() async throws {
        let receiver = try await WebhookReceiver.start(secrets: [secret.encoded])
        let schedule = RetrySchedule(
            waits: [.seconds(5)],
            jitter: 0,
            longestWait: .seconds(86_400),
            attemptsWhenRejected: 1
        )
        let expected: [(path: String, decision: DeliveryAttempt.Outcome)] = [
            ("/ok", .delivered), ("/large", .delivered), ("/status/410", .disableEndpoint),
            ("/redirect", .deadLetter(.rejected)), ("/status/404", .deadLetter(.rejected)),
            ("/status/500", .retry(after: .seconds(5))),
            ("/status/503?retry_after=90", .retry(after: .seconds(90))),
            ("/hang", .retry(after: .seconds(5))), ("/reset", .retry(after: .seconds(5))),
            ("/drip", .retry(after: .seconds(5))),
        ]
        for (path, decision) in expected {
            let result = try await deliver(.ping, .standard, to: receiver.url(path), keys: [secret])
            var generator = SeededGenerator(state: 1)
            let made = DeliveryAttempt.Outcome.next(after: result, attempt: 1, schedule: schedule, using: &generator)
            #expect(made == decision, "\(path): \(result)")
        }
        #expect(try receiver.received.allSatisfy { $0.path != "/target" })
    }

    @Test func `a date in Retry-After is a wait by the receiver's own clock`() async throws {
        let receiver = try await WebhookReceiver.start(secrets: [secret.encoded])
        let result = try await deliver(.ping, .standard, to: receiver.url("/status/429?retry_date=60"), keys: [secret])
        guard case .answered(429, let wait?) = result else {
            Issue.record("\(result)")
            return
        }
        // Both dates are cut to whole seconds.
        #expect(wait == .seconds(60) || wait == .seconds(61) || wait == .seconds(59))
    }
}
