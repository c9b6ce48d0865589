// SPDX-License-Identifier: Apache-2.0

import Prebuilds
import Store

/// An endpoint as it is shown: the URL may hold a token, so only its beginning is.
struct EndpointReport: Hashable, Encodable {
    let id: String
    let name: String
    let url: String
    let events: [String]
    let envelope: String
    let enabled: Bool
    let disabledReason: String
    let source: String
    /// Only when it was made just now.
    let secret: String?
    /// What receivers verify `v1a` signatures with; only when its key was made just now.
    let publicKey: String?

    init(_ endpoint: Endpoint, secret: String? = nil, publicKey: String? = nil) {
        id = "\(endpoint.id)"
        name = endpoint.name
        url = endpoint.shownURL
        events = endpoint.events
        envelope = endpoint.envelope
        enabled = endpoint.isEnabled
        disabledReason = endpoint.disabledReason
        source = endpoint.source
        self.secret = secret
        self.publicKey = publicKey
    }

    /// What is shown once, after a sentence; empty when there is nothing.
    var keysText: String {
        (secret.map { "\nIts secret, shown only now:\n\($0)" } ?? "")
            + (publicKey.map { "\nThe public key of its Ed25519 signatures:\n\($0)" } ?? "")
    }

    private enum CodingKeys: String, CodingKey {
        case id, name, url, events, envelope, enabled, source, secret
        case disabledReason = "disabled_reason"
        case publicKey = "public_key"
    }
}

extension [EndpointReport] {
    var table: Table {
        Table(
            self,
            empty: "There are no webhook endpoints. Add one with 'stoker webhooks add NAME URL'.",
            [
                .init("name") { $0.name },
                .init("url") { $0.url },
                .init("events") { $0.events.isEmpty ? "all" : $0.events.joined(separator: ", ") },
                .init("envelope") { $0.envelope },
                .init("enabled") { $0.enabled ? "yes" : "no: \($0.disabledReason)" },
                .init("from") { $0.source },
            ]
        )
    }
}

/// Everything of an endpoint that may be shown.
struct EndpointDetailsReport: Hashable, Encodable {
    let id: String
    let name: String
    let url: String
    let events: [String]
    let envelope: String
    /// The names alone: values are often tokens.
    let headers: [String]
    /// Which signatures its requests have: `v1`, `v1a`.
    let signatures: [String]
    let previousSecretUntil: Instant?
    let concurrency: Int
    let enabled: Bool
    let disabledReason: String
    let source: String
    /// `closed`: everything is sent; `open`: nothing but probes.
    let circuit: String
    let consecutiveFailures: Int
    let failingSince: Instant?
    let nextProbeAt: Instant?
    let lastStatus: Int?
    let lastError: String
    let lastSuccessAt: Instant?
    let createdAt: Instant
    let waiting: Int
    let deadLetters: Int

    init(_ details: EndpointDetails) {
        let endpoint = details.endpoint
        id = "\(endpoint.id)"
        name = endpoint.name
        url = endpoint.shownURL
        events = endpoint.events
        envelope = endpoint.envelope
        headers = endpoint.headers.keys.sorted()
        signatures = (endpoint.secret == nil ? [] : ["v1"]) + (endpoint.signingKey == nil ? [] : ["v1a"])
        previousSecretUntil = details.previousSecretExpiresAt
        concurrency = endpoint.maximumConcurrency
        enabled = endpoint.isEnabled
        disabledReason = endpoint.disabledReason
        source = endpoint.source
        circuit = details.health.openedAt == nil ? "closed" : "open"
        consecutiveFailures = details.health.consecutiveFailures
        failingSince = details.health.failingSince
        nextProbeAt = details.health.openedAt == nil ? nil : details.health.nextProbeAt
        lastStatus = details.lastStatus
        lastError = details.lastError
        lastSuccessAt = details.lastSuccessAt
        createdAt = details.createdAt
        waiting = details.waiting
        deadLetters = details.deadLetters
    }

    private enum CodingKeys: String, CodingKey {
        case id, name, url, events, envelope, headers, signatures, concurrency, enabled, source, circuit, waiting
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

    var text: String {
        let state =
            enabled ? (circuit == "open" ? "enabled, but spared until it answers a probe" : "enabled") : "disabled"
        let rows: [(String, String)] = [
            ("name", name), ("url", url), ("events", events.isEmpty ? "all" : events.joined(separator: ", ")),
            ("envelope", envelope), ("headers", headers.joined(separator: ", ")),
            ("signatures", signatures.joined(separator: ", ")),
            ("previous secret until", previousSecretUntil.map(\.iso8601) ?? ""), ("concurrency", "\(concurrency)"),
            ("state", disabledReason.isEmpty ? state : "\(state): \(disabledReason)"), ("from", source),
            ("failures in a row", "\(consecutiveFailures)"), ("failing since", failingSince.map(\.iso8601) ?? ""),
            ("next probe", nextProbeAt.map(\.iso8601) ?? ""), ("last error", lastError),
            ("last success", lastSuccessAt.map(\.iso8601) ?? "never"), ("waiting", "\(waiting)"),
            ("dead letters", "\(deadLetters)"),
        ]
        return Table(rows, empty: "", [.init("what") { $0.0 }, .init("value") { $0.1 }]).text
    }
}
