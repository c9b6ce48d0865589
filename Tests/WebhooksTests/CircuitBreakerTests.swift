// SPDX-License-Identifier: Apache-2.0

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
        #expect(breaker.admission(at: at(34)) == .nothing(until: at(35)))
        #expect(breaker.admission(at: at(35)) == .probe)
    }

    @Test func `a success in between begins the count anew`() {
        var breaker = CircuitBreaker()
        for second in 1...4 { _ = breaker.recordFailure(at: at(second), started: at(second)) }
        let change = breaker.recordSuccess()
        #expect(change == .none && breaker == CircuitBreaker())
        _ = breaker.recordFailure(at: at(5), started: at(5))
        #expect(breaker.admission(at: at(5)) == .all)
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
            let isTaken = breaker.beginProbe(at: now)
            let change = breaker.recordFailure(at: now, started: now)
            #expect(isTaken && change == .none)
        }
        #expect(intervals == [30, 60, 120, 300, 600, 1_800, 3_600, 3_600, 3_600].map { .seconds($0) })
    }

    @Test func `a probe is taken once`() {
        var breaker = opened()
        let taken = [34, 35, 36].map { breaker.beginProbe(at: at($0)) }
        #expect(taken == [false, true, false])
        #expect(breaker.admission(at: at(64)) == .nothing(until: at(65)))
        // The prober died: its interval over, another takes the next.
        #expect(breaker.admission(at: at(65)) == .probe)
        var closed = CircuitBreaker()
        let isTaken = closed.beginProbe(at: start)
        #expect(!isTaken)
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

    @Test func `five workers and 500 events send a dead endpoint at most one probe an interval`() {
        var generator = SeededGenerator(state: 3)
        var breaker = CircuitBreaker()
        var sent: [Instant] = []
        // Attempts in flight: when each was begun and when its time-out comes.
        var flying: [(started: Instant, ends: Instant)] = []
        var workers = 0
        for second in 0..<7_200 {
            let now = at(second)
            for attempt in flying where attempt.ends <= now {
                _ = breaker.recordFailure(at: now, started: attempt.started)
                workers -= 1
            }
            flying.removeAll { $0.ends <= now }
            while workers < 5, sent.count < 500, mayBegin(&breaker, now) {
                flying.append((now, now + .seconds(Int.random(in: 1...15, using: &generator))))
                sent.append(now)
                workers += 1
            }
        }
        let probes = sent.filter { $0 > (breaker.openedAt ?? start) }
        let gaps = zip(probes, probes.dropFirst()).map { $1 - $0 }
        #expect(probes.count >= 5 && probes.count <= 10)
        #expect(gaps.allSatisfy { $0 >= .seconds(30) })
    }

    /// What a worker asks before it takes a delivery.
    private func mayBegin(_ breaker: inout CircuitBreaker, _ now: Instant) -> Bool {
        switch breaker.admission(at: now) {
        case .all: true
        case .probe: breaker.beginProbe(at: now)
        case .nothing: false
        }
    }
}
