// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Time

/// The rules of the circuit breaker, over all workers.
///
/// After ``threshold`` failures in a row it opens: deliveries wait without using up attempts, and from time to time one
/// of them is sent as a probe. One success closes it. If nothing has succeeded for ``disabledAfter``, the endpoint must be
/// disabled. `Store.leaseDeliveries` decides what is sent in which state.
extension CircuitBreaker {
    static let threshold = 5
    /// The intervals between probes, from the opening on; the last one repeats.
    static let probeIntervals: [Duration] = [30, 60, 120, 300, 600, 1_800, 3_600].map { .seconds($0) }
    static let disabledAfter = Duration.seconds(5 * 86_400)

    /// A change that someone must be told about.
    package enum Change: Hashable, Sendable {
        case none, opened, closed
        /// The endpoint has failed for too long, and shall be disabled.
        case disable
    }

    /// Resets the circuit breaker.
    package mutating func recordSuccess() -> Change {
        let wasOpen = state == .open
        self = CircuitBreaker()
        return wasOpen ? .closed : .none
    }

    /// Counts a failure.
    ///
    /// - Parameter started: When the attempt began. One that began before the circuit opened neither counts nor moves a
    ///   probe.
    package mutating func recordFailure(at now: Instant, started: Instant) -> Change {
        let failingSince = failingSince ?? now
        self.failingSince = failingSince
        if let openedAt {
            guard started > openedAt else { return .none }
            consecutiveFailures += 1
            probeAttempt += 1
            nextProbeAt = now + interval
            return now - failingSince >= Self.disabledAfter ? .disable : .none
        }
        consecutiveFailures += 1
        guard consecutiveFailures >= Self.threshold else { return .none }
        openedAt = now
        probeAttempt = 0
        nextProbeAt = now + interval
        return .opened
    }

    private var interval: Duration {
        Self.probeIntervals[min(max(probeAttempt, 0), Self.probeIntervals.count - 1)]
    }
}

extension EndpointHealth {
    /// How often mere successes are recorded. Recording each one would make the endpoint's row the most written of the
    /// database.
    private static let noteInterval = Duration.seconds(10)

    /// Changes the health by the result of an attempt.
    ///
    /// A failed trial does not count; a successful one makes the endpoint healthy again.
    ///
    /// - Parameter now: The database's time of the recording.
    package mutating func record(_ attempt: DeliveryAttempt, at now: Instant) {
        let before = self
        switch attempt.outcome {
        case .handBack: return
        case .delivered:
            _ = circuit.recordSuccess()
            if attempt.delivery.isTrial { (isEnabled, disabledReason) = (true, "") }
        case .retry, .deadLetter, .disableEndpoint:
            if attempt.delivery.isTrial { return }
            if circuit.recordFailure(at: now, started: attempt.delivery.leasedAt) == .disable {
                disable("nothing was delivered since \(circuit.failingSince.map { "\($0)" } ?? "long ago")")
            }
            if attempt.outcome == .disableEndpoint { disable("it answered 410 Gone") }
        }
        if self != before { (lastStatus, lastError) = (attempt.responseCode, attempt.errorClass) }
        if attempt.outcome == .delivered,
            !lastError.isEmpty || lastSuccessAt.map({ $0 < now - Self.noteInterval }) ?? true
        {
            (lastSuccessAt, lastError) = (now, "")
        }
    }

    private mutating func disable(_ reason: String) {
        guard isEnabled else { return }
        (isEnabled, disabledReason) = (false, reason)
    }
}
