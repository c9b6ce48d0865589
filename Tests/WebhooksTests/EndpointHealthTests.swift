// SPDX-License-Identifier: Apache-2.0

import Domain
import Testing
import Time
import Webhooks

/// What an attempt means for its endpoint.
@Suite struct EndpointHealthTests {
    private let start = Instant(seconds: 1_748_833_200)

    private func at(_ seconds: Int) -> Instant { start + .seconds(seconds) }

    /// An attempt that was taken up at that second.
    private func attempt(
        _ outcome: DeliveryAttempt.Outcome,
        at second: Int,
        code: Int? = nil,
        isTrial: Bool = false
    ) -> DeliveryAttempt {
        let delivery = LeasedDelivery(
            id: .random(),
            endpoint: Endpoint(name: "hook", url: "https://example.com"),
            body: [],
            contentType: "application/json",
            attempt: 1,
            isTrial: isTrial,
            leasedAt: at(second)
        )
        return DeliveryAttempt(
            of: delivery,
            outcome,
            responseCode: code,
            errorClass: outcome == .delivered ? "" : "status"
        )
    }

    private func failing(_ count: Int) -> EndpointHealth {
        var health = EndpointHealth()
        for second in 1...count { health.record(attempt(.retry(after: .zero), at: second, code: 500), at: at(second)) }
        return health
    }

    @Test func `five failures spare it, a success forgets them`() {
        var health = failing(5)
        #expect(health.isSpared && health.isEnabled)
        #expect(health.lastStatus == 500 && health.lastError == "status" && health.lastSuccessAt == nil)
        health.record(attempt(.delivered, at: 40, code: 200), at: at(41))
        #expect(!health.isSpared && health.circuit == CircuitBreaker())
        #expect(health.lastStatus == 200 && health.lastError == "" && health.lastSuccessAt == at(41))
    }

    @Test func `410 disables it at once, five days of failures with words of their own`() {
        var gone = EndpointHealth()
        gone.record(attempt(.disableEndpoint, at: 1, code: 410), at: at(1))
        #expect(!gone.isEnabled && gone.disabledReason == "it answered 410 Gone" && gone.lastStatus == 410)
        var dead = failing(5)
        let days = 5 * 86_400 + 1
        dead.record(attempt(.deadLetter(.exhausted), at: days), at: at(days))
        #expect(!dead.isEnabled && dead.disabledReason == "nothing was delivered since \(at(1))")
        // Who was first has said why.
        dead.record(attempt(.disableEndpoint, at: days + 1, code: 410), at: at(days + 1))
        #expect(dead.disabledReason == "nothing was delivered since \(at(1))")
    }

    @Test func `a trial that fails changes nothing, one that succeeds enables`() {
        var health = failing(5)
        (health.isEnabled, health.disabledReason) = (false, "by hand")
        let before = health
        for outcome in [DeliveryAttempt.Outcome.deadLetter(.trial), .deadLetter(.unsendable), .handBack] {
            health.record(attempt(outcome, at: 50, code: 503, isTrial: true), at: at(50))
            #expect(health == before)
        }
        // What was on its way when it was disabled does not enable it.
        health.record(attempt(.delivered, at: 51, code: 200), at: at(51))
        #expect(!health.isEnabled && health.circuit == CircuitBreaker())
        health.record(attempt(.delivered, at: 52, code: 200, isTrial: true), at: at(52))
        #expect(health.isEnabled && health.disabledReason == "")
    }

    @Test func `successes alone are noted every ten seconds`() {
        var health = EndpointHealth()
        health.record(attempt(.delivered, at: 0, code: 200), at: at(0))
        let noted = health
        #expect(noted.lastSuccessAt == at(0))
        health.record(attempt(.delivered, at: 10, code: 200), at: at(10))
        #expect(health == noted)
        health.record(attempt(.delivered, at: 11, code: 200), at: at(11))
        #expect(health.lastSuccessAt == at(11))
    }

    @Test(arguments: [(200, DeliveryAttempt.Outcome.delivered), (500, .deadLetter(.trial)), (410, .deadLetter(.trial))])
    func `a trial is not repeated and disables nothing`(status: Int, outcome: DeliveryAttempt.Outcome) {
        var generator = SeededGenerator(state: 1)
        let made = DeliveryAttempt.Outcome.next(
            after: .answered(status: status, retryAfter: nil),
            attempt: 1,
            isTrial: true,
            using: &generator
        )
        #expect(made == outcome)
    }
}
