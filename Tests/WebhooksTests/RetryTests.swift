// SPDX-License-Identifier: Apache-2.0

import CurlClient
import Domain
import HTTPTypes
import Testing
import Time

@testable import Webhooks

@Suite struct RetryTests {
    private let now = Instant(seconds: 1_748_833_200)
    private let exact = RetrySchedule(
        waits: RetrySchedule.standard.waits,
        jitter: 0,
        longestWait: .seconds(86_400),
        attemptsWhenRejected: 3
    )

    private func decide(_ result: AttemptResult, attempt: Int, _ schedule: RetrySchedule? = nil)
        -> DeliveryAttempt.Outcome
    {
        var generator = SeededGenerator(state: 1)
        return .next(after: result, attempt: attempt, schedule: schedule ?? exact, using: &generator)
    }

    @Test func `the waits are those of the schedule, then the delivery is a dead letter`() {
        let decisions = (1...11).map { decide(.answered(status: 500, retryAfter: nil), attempt: $0) }
        let waits = [5, 30, 120, 600, 1_800, 7_200, 21_600, 43_200, 86_400]
        #expect(
            decisions == waits.map { .retry(after: .seconds($0)) } + [
                .deadLetter(.exhausted), .deadLetter(.exhausted),
            ]
        )
    }

    @Test func `jitter spreads each wait by a fifth to either side`() {
        var generator = SeededGenerator(state: 42)
        for (index, wait) in RetrySchedule.standard.waits.enumerated() {
            let waits = (0..<500).compactMap { _ in
                RetrySchedule.standard.wait(afterAttempt: index + 1, retryAfter: nil, using: &generator)
            }
            #expect(waits.count == 500)
            #expect(waits.allSatisfy { $0 >= wait * 0.8 && $0 <= wait * 1.2 })
            #expect(waits.contains { $0 < wait * 0.85 } && waits.contains { $0 > wait * 1.15 })
        }
    }

    @Test(arguments: [
        (200, DeliveryAttempt.Outcome.delivered), (204, .delivered), (299, .delivered), (410, .disableEndpoint),
        (100, .retry(after: .seconds(5))), (302, .retry(after: .seconds(5))),
        (400, .retry(after: .seconds(5))), (503, .retry(after: .seconds(5))),
    ])
    func `the first answer decides`(status: Int, decision: DeliveryAttempt.Outcome) {
        #expect(decide(.answered(status: status, retryAfter: nil), attempt: 1) == decision)
    }

    @Test func `the third rejection is final, a third answer that may change is not`() {
        let rejected = [300, 301, 302, 307, 400, 401, 403, 404, 405, 413, 422, 451, 600]
        let retryable = [408, 425, 429, 500, 502, 503, 504, 599]
        #expect(
            rejected.filter { decide(.answered(status: $0, retryAfter: nil), attempt: 3) != .deadLetter(.rejected) }
                == []
        )
        let later = DeliveryAttempt.Outcome.retry(after: .seconds(120))
        #expect(retryable.filter { decide(.answered(status: $0, retryAfter: nil), attempt: 3) != later } == [])
    }

    @Test func `failures of the connection are retried, refusals are final, our own end counts for nothing`() {
        let third = Dictionary(
            uniqueKeysWithValues: HTTPFailure.Code.allCases.map { ($0, decide(.failed($0), attempt: 3)) }
        )
        let later = DeliveryAttempt.Outcome.retry(after: .seconds(120))
        #expect(
            third == [
                .invalidRequest: .deadLetter(.rejected), .refusedAddress: .deadLetter(.rejected), .dns: later,
                .connect: later, .tls: later, .timeout: later, .reset: later, .tooLarge: later, .protocol: later,
                .local: later, .canceled: .handBack, .clientClosed: .handBack,
            ]
        )
    }

    @Test func `of several Retry-After the first counts`() {
        var headers = HTTPFields()
        headers[values: .retryAfter] = ["30", "40"]
        #expect(
            AttemptResult(HTTPClient.Response(status: .serviceUnavailable, headers: headers), now: now)
                == .answered(status: 503, retryAfter: .seconds(30))
        )
    }

    @Test func `Retry-After lengthens a wait, never shortens it, and is bounded`() {
        let asked: [Duration] = [.zero, .seconds(4), .seconds(6), .seconds(3_600), .seconds(10_000_000)]
        let decisions = asked.map { decide(.answered(status: 503, retryAfter: $0), attempt: 1) }
        #expect(decisions == [5, 5, 6, 3_600, 86_400].map { .retry(after: .seconds($0)) })
    }

    @Test(
        arguments: [
            ("120", nil, Duration.seconds(120)), ("0", nil, .zero),
            ("99999999999999999999999", nil, .seconds(1 << 32)),
            ("Mon, 02 Jun 2025 03:02:00 GMT", nil, .seconds(120)),
            ("Monday, 02-Jun-25 03:02:00 GMT", nil, .seconds(120)),
            ("Mon Jun  2 03:02:00 2025", nil, .seconds(120)),
            ("Mon, 02 Jun 2025 02:00:00 GMT", nil, .zero),
            // The endpoint's clock is ten minutes behind; the wait is still two minutes.
            ("Mon, 02 Jun 2025 02:52:00 GMT", "Mon, 02 Jun 2025 02:50:00 GMT", .seconds(120)),
            ("-5", nil, nil), ("soon", nil, nil), ("1.5", nil, nil), ("", nil, nil),
            ("Mon, 32 Jun 2025 03:02:00 GMT", nil, nil),
        ] as [(String, String?, Duration?)]
    )
    func `Retry-After is read as seconds or as a date`(value: String, date: String?, wait: Duration?) {
        var headers: HTTPFields = [.retryAfter: value]
        headers[.date] = date
        let result = AttemptResult(HTTPClient.Response(status: 429, headers: headers), now: now)
        #expect(result == .answered(status: 429, retryAfter: wait))
    }
}
