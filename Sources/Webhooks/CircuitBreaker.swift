// SPDX-License-Identifier: Apache-2.0

package import Time

/// How an endpoint has been doing, over all workers, and whether it is spared for now.
///
/// Closed: everything is sent. After ``Rules/threshold`` failures in a row it opens: deliveries wait, burning no
/// attempts, and now and then one of them is sent as a probe. One success closes it. When nothing has succeeded for
/// ``Rules/patience``, the endpoint is to be disabled.
///
/// The members are the columns of the endpoint's row.
package struct CircuitBreaker: Hashable, Sendable {
    /// When a circuit opens, how often it is probed, and when the endpoint is given up.
    package struct Rules: Hashable, Sendable {
        package var threshold = 5
        /// From opening to the first probe, from that to the next, and so on; the last one repeats.
        package var probeIntervals: [Duration] = [30, 60, 120, 300, 600, 1_800, 3_600].map { .seconds($0) }
        package var patience = Duration.seconds(5 * 86_400)

        package init() {}
    }

    package var consecutiveFailures: Int
    /// The first failure since the last success.
    package var failingSince: Instant?
    /// Since when deliveries wait; nil while it is closed.
    package var openedAt: Instant?
    /// When the next probe may be sent.
    package var nextProbeAt: Instant?
    /// How many probes have failed since it opened.
    package var probeAttempt: Int

    package init(
        consecutiveFailures: Int = 0,
        failingSince: Instant? = nil,
        openedAt: Instant? = nil,
        nextProbeAt: Instant? = nil,
        probeAttempt: Int = 0
    ) {
        self.consecutiveFailures = consecutiveFailures
        self.failingSince = failingSince
        self.openedAt = openedAt
        self.nextProbeAt = nextProbeAt
        self.probeAttempt = probeAttempt
    }

    /// What an attempt has changed that someone should hear of.
    package enum Change: Hashable, Sendable {
        case none, opened, closed
        /// The endpoint has failed for too long.
        case disable
    }

    /// What an endpoint gets at a moment.
    package enum Admission: Hashable, Sendable {
        case all
        /// One delivery, which is the probe; take it with ``beginProbe(at:rules:)``.
        case probe
        case nothing(until: Instant)
    }

    /// What may be sent now.
    package func admission(at now: Instant) -> Admission {
        guard let openedAt else { return .all }
        let next = nextProbeAt ?? openedAt
        return next <= now ? .probe : .nothing(until: next)
    }

    /// Keeps other workers from probing until the interval has passed, whatever becomes of this probe.
    ///
    /// - Returns: Whether the probe may be sent; false when it is not due.
    package mutating func beginProbe(at now: Instant, rules: Rules = Rules()) -> Bool {
        guard admission(at: now) == .probe else { return false }
        nextProbeAt = now + interval(rules)
        return true
    }

    /// Forgets all failures.
    package mutating func recordSuccess() -> Change {
        let wasOpen = openedAt != nil
        self = CircuitBreaker()
        return wasOpen ? .closed : .none
    }

    /// Counts a failure.
    ///
    /// - Parameter started: When the attempt was taken up. One that was taken up before the circuit opened is a
    ///   straggler: it tells nothing new and moves no probe.
    package mutating func recordFailure(at now: Instant, started: Instant, rules: Rules = Rules()) -> Change {
        failingSince = failingSince ?? now
        if let openedAt {
            guard started > openedAt else { return .none }
            consecutiveFailures += 1
            probeAttempt += 1
            nextProbeAt = now + interval(rules)
            if let failingSince, now - failingSince >= rules.patience { return .disable }
            return .none
        }
        consecutiveFailures += 1
        guard consecutiveFailures >= rules.threshold else { return .none }
        openedAt = now
        probeAttempt = 0
        nextProbeAt = now + interval(rules)
        return .opened
    }

    private func interval(_ rules: Rules) -> Duration {
        let last = rules.probeIntervals.count - 1
        return last < 0 ? .zero : rules.probeIntervals[min(probeAttempt, last)]
    }
}
