// SPDX-License-Identifier: Apache-2.0

package import Time

/// The health of an endpoint, over all workers. `Webhooks` has the rules by which an attempt changes it.
package struct EndpointHealth: Hashable, Sendable {
    /// A disabled endpoint gets only trials.
    package var isEnabled = true
    /// Empty while it is enabled.
    package var disabledReason = ""
    package var circuit = CircuitBreaker()
    /// The HTTP status of the last answer that changed this health.
    package var lastStatus: Int?
    /// The kind of error of the last failure since the last success.
    package var lastError = ""
    /// With a precision of ten seconds.
    package var lastSuccessAt: Instant?

    package init() {}

    /// Whether its deliveries wait, except for probes and trials.
    package var isSpared: Bool { !isEnabled || circuit.state == .open }
}

/// An endpoint's circuit breaker. Closed: everything is sent. Open: deliveries wait, except that one of them is sent
/// from time to time as a probe.
package struct CircuitBreaker: Hashable, Sendable {
    /// Whether deliveries are sent or wait.
    package enum State: String, Codable, Sendable {
        case closed, open
    }

    package var consecutiveFailures: Int
    /// The first failure since the last success.
    package var failingSince: Instant?
    /// When it opened; `nil` while it is closed.
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

    /// Open from ``openedAt`` until a success.
    package var state: State { openedAt == nil ? .closed : .open }
}
