// SPDX-License-Identifier: Apache-2.0

import Domain
import Testing
import Time
import Webhooks

@Suite struct CircuitBreakerTests {
    private let start = Instant(seconds: 1_748_833_200)

    private func at(_ seconds: Int) -> Instant { start + .seconds(seconds) }

    private func opened() -> CircuitBreaker {
        var breaker = CircuitBreaker()
        for second in 1...5 { _ = breaker.recordFailure(at: at(second), started: at(second)) }
        return breaker
    }

    @Test func `it opens at the fifth failure in a row`() {
        var breaker = CircuitBreaker()
        let changes = (1...5).map { breaker.recordFailure(at: at($0), started: at($0)) }
        #expect(changes == [.none, .none, .none, .none, .opened])
        #expect(
            breaker
                == CircuitBreaker(
                    consecutiveFailures: 5,
                    failingSince: at(1),
                    openedAt: at(5),
                    nextProbeAt: at(35),
                    probeAttempt: 0
                )
        )
        #expect(breaker.state == .open)
    }

    @Test func `a success in between begins the count anew`() {
        var breaker = CircuitBreaker()
        for second in 1...4 { _ = breaker.recordFailure(at: at(second), started: at(second)) }
        let change = breaker.recordSuccess()
        #expect(change == .none && breaker == CircuitBreaker())
        _ = breaker.recordFailure(at: at(5), started: at(5))
        #expect(breaker.state == .closed)
    }

    @Test func `one success closes it`() {
        var breaker = opened()
        let change = breaker.recordSuccess()
        #expect(change == .closed)
        #expect(breaker == CircuitBreaker())
    }

    @Test func `the intervals between probes grow up to an hour`() {
        var breaker = opened()
        var now = at(5)
        var intervals: [Duration] = []
        for _ in 0..<9 {
            guard let next = breaker.nextProbeAt else { break }
            intervals.append(next - now)
            now = next
            let change = breaker.recordFailure(at: now, started: now)
            #expect(change == .none)
        }
        #expect(intervals == [30, 60, 120, 300, 600, 1_800, 3_600, 3_600, 3_600].map { .seconds($0) })
    }

    @Test func `a failure of before the opening tells nothing new`() {
        var breaker = opened()
        let before = breaker
        let change = breaker.recordFailure(at: at(20), started: at(4))
        #expect(change == .none && breaker == before)
    }

    @Test func `without a success for five days the endpoint is to be disabled`() {
        var breaker = opened()
        let fiveDays = 5 * 86_400
        var changes = [fiveDays, fiveDays + 1].map { breaker.recordFailure(at: at($0), started: at($0)) }
        _ = breaker.recordSuccess()
        changes.append(breaker.recordFailure(at: at(fiveDays + 2), started: at(fiveDays + 2)))
        #expect(changes == [.none, .disable, .none])
    }
}
