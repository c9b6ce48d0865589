// SPDX-License-Identifier: Apache-2.0

import CurlClient
package import Domain
package import Store
package import Time

/// An endpoint for display: only the beginning of the URL, because the rest may contain a token.
package struct EndpointReport: Hashable, Sendable, Codable {
    package let id: EndpointID
    package let name: String
    package let url: String
    package let events: [String]
    package let filter: EventFilterReport
    package let envelope: OpenEnum<Envelope>
    package let enabled: Bool
    package let disabledReason: String
    package let source: OpenEnum<Endpoint.Source>
    /// Only when it was just generated.
    package let secret: String?
    /// The key with which receivers verify `v1a` signatures; only when it was just generated.
    package let publicKey: String?

    package init(_ endpoint: Endpoint, secret: String? = nil, publicKey: String? = nil) {
        id = endpoint.id
        name = endpoint.name
        url = endpoint.shownURL
        events = endpoint.events
        filter = EventFilterReport(endpoint.filter)
        envelope = endpoint.envelope
        enabled = endpoint.isEnabled
        disabledReason = endpoint.health.disabledReason
        source = endpoint.source
        self.secret = secret
        self.publicKey = publicKey
    }

    private enum CodingKeys: String, CodingKey {
        case id, name, url, events, filter, envelope, enabled, source, secret
        case disabledReason = "disabled_reason"
        case publicKey = "public_key"
    }
}

/// All details of an endpoint that may be shown.
package struct EndpointDetailsReport: Hashable, Sendable, Codable {
    package let id: EndpointID
    package let name: String
    package let url: String
    package let events: [String]
    package let filter: EventFilterReport
    package let envelope: OpenEnum<Envelope>
    /// Only the names, because values are often tokens.
    package let headers: [String]
    /// The kinds of signatures of its requests: `v1`, `v1a`.
    package let signatures: [String]
    package let previousSecretUntil: Instant?
    package let concurrency: Int
    package let enabled: Bool
    package let disabledReason: String
    package let source: OpenEnum<Endpoint.Source>
    package let circuit: OpenEnum<CircuitBreaker.State>
    package let consecutiveFailures: Int
    package let failingSince: Instant?
    package let nextProbeAt: Instant?
    package let lastStatus: Int?
    package let lastError: String
    package let lastSuccessAt: Instant?
    package let createdAt: Instant
    package let waiting: Int
    package let deadLetters: Int

    package init(_ details: EndpointDetails) {
        let endpoint = details.endpoint
        let health = endpoint.health
        id = endpoint.id
        name = endpoint.name
        url = endpoint.shownURL
        events = endpoint.events
        filter = EventFilterReport(endpoint.filter)
        envelope = endpoint.envelope
        headers = endpoint.headers.keys.sorted()
        signatures = (endpoint.secret == nil ? [] : ["v1"]) + (endpoint.signingKey == nil ? [] : ["v1a"])
        previousSecretUntil = details.previousSecretExpiresAt
        concurrency = endpoint.maximumConcurrency
        enabled = health.isEnabled
        disabledReason = health.disabledReason
        source = endpoint.source
        circuit = OpenEnum(health.circuit.state)
        consecutiveFailures = health.circuit.consecutiveFailures
        failingSince = health.circuit.failingSince
        nextProbeAt = circuit == .open ? health.circuit.nextProbeAt : nil
        lastStatus = health.lastStatus
        lastError = health.lastError
        lastSuccessAt = health.lastSuccessAt
        createdAt = details.createdAt
        waiting = details.waiting
        deadLetters = details.deadLetters
    }

    private enum CodingKeys: String, CodingKey {
        case id, name, url, events, filter, envelope, headers, signatures, concurrency, enabled, source, circuit,
            waiting
        case previousSecretUntil = "previous_secret_until"
        case disabledReason = "disabled_reason"
        case consecutiveFailures = "consecutive_failures"
        case failingSince = "failing_since"
        case nextProbeAt = "next_probe_at"
        case lastStatus = "last_status"
        case lastError = "last_error"
        case lastSuccessAt = "last_success_at"
        case createdAt = "created_at"
        case deadLetters = "dead_letters"
    }
}

/// What an endpoint wants events to be about; what is missing admits all.
package struct EventFilterReport: Hashable, Sendable, Codable {
    package let templates: [String]?
    package let presets: [String]?
    package let organizations: [String]?
    package let labels: [String: String]?

    init(_ filter: EventFilter) {
        templates = filter.templates.isEmpty ? nil : filter.templates
        presets = filter.presets.isEmpty ? nil : filter.presets
        organizations = filter.organizations.isEmpty ? nil : filter.organizations
        labels = filter.labels.isEmpty ? nil : filter.labels
    }

    /// In one line; empty: everything.
    package var text: String {
        let parts = [("template", templates), ("preset", presets), ("org", organizations)].flatMap { name, values in
            (values ?? []).map { "\(name) \($0)" }
        }
        return (parts + (labels ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }).joined(
            separator: ", "
        )
    }
}

extension Endpoint {
    /// Scheme, host and port only: path and query may be secrets.
    package var shownURL: String {
        // The same reader has accepted the stored URL; if it is unreadable now, nothing of it is shown.
        (try? EndpointURL(url))?.origin ?? "(unreadable)"
    }
}
