// SPDX-License-Identifier: Apache-2.0

package import Time

/// How an endpoint has been doing, over all workers. `Webhooks` says what an attempt changes of it.
package struct EndpointHealth: Hashable, Sendable {
    /// A disabled endpoint is sent trials alone.
    package var isEnabled = true
    /// Empty when it is enabled.
    package var disabledReason = ""
    package var circuit = CircuitBreaker()
    /// The HTTP status of the last answer that changed anything here.
    package var lastStatus: Int?
    /// The kind of error of the last failure since the last success.
    package var lastError = ""
    /// To ten seconds.
    package var lastSuccessAt: Instant?

    package init() {}

    /// Whether it gets none of what waits for it, but for probes and trials.
    package var isSpared: Bool { !isEnabled || circuit.state == .open }
}

/// An endpoint's circuit breaker. Closed: everything is sent. Open: deliveries wait, and one of them is sent now and then as a
/// probe.
package struct CircuitBreaker: Hashable, Sendable {
    /// Whether deliveries are sent or wait.
    package enum State: String, Codable, Sendable {
        case closed, open
    }

    package var consecutiveFailures: Int
    /// The first failure since the last success.
    package var failingSince: Instant?
    /// Since when deliveries wait; `nil` while it is closed.
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
