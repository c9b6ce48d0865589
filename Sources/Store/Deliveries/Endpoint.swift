// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
package import Time

/// A receiver of webhooks.
package struct Endpoint: Hashable, Sendable {
    package var id: EndpointID
    package var name: String
    package var url: String
    /// Event types it wants; empty: all.
    package var events: [String]
    /// `standard`, `cloudevents` or `coder`.
    package var envelope: String
    /// The encoded secret, as it is stored; sealed when an encryption key is configured.
    package var secret: [UInt8]?
    package var previousSecret: [UInt8]?
    /// The encoded Ed25519 key, as it is stored.
    package var signingKey: [UInt8]?
    package var headers: [String: String]
    /// How many requests are on their way to it at once, from one worker.
    package var maximumConcurrency: Int
    package var isEnabled: Bool
    package var disabledReason: String
    /// `command` or `configuration`.
    package var source: String

    package init(
        id: EndpointID = .random(),
        name: String,
        url: String,
        events: [String] = [],
        envelope: String = "standard",
        secret: [UInt8]? = nil,
        previousSecret: [UInt8]? = nil,
        signingKey: [UInt8]? = nil,
        headers: [String: String] = [:],
        maximumConcurrency: Int = 8,
        isEnabled: Bool = true,
        disabledReason: String = "",
        source: String = "command"
    ) {
        self.id = id
        self.name = name
        self.url = url
        self.events = events
        self.envelope = envelope
        self.secret = secret
        self.previousSecret = previousSecret
        self.signingKey = signingKey
        self.headers = headers
        self.maximumConcurrency = maximumConcurrency
        self.isEnabled = isEnabled
        self.disabledReason = disabledReason
        self.source = source
    }
}

/// An endpoint as an operator wants to see it: what it is, how it has been doing, and what waits for it.
package struct EndpointDetails: Hashable, Sendable {
    package var endpoint: Endpoint
    package var health: EndpointHealth
    /// Until when the previous secret signs as well.
    package var previousSecretExpiresAt: Instant?
    package var lastStatus: Int?
    package var lastError: String
    package var lastSuccessAt: Instant?
    package var createdAt: Instant
    /// Deliveries that are still to be made.
    package var waiting: Int
    /// Deliveries that were given up.
    package var deadLetters: Int
}

extension Endpoint {
    /// The columns that ``init(_:)`` reads, of `webhook_endpoints`.
    static let columns: SQL = """
        id, name, url, events, envelope, secret,
        CASE WHEN coalesce(previous_secret_expires_at > now(), true) THEN previous_secret END, signing_key,
        ARRAY(SELECT h.key FROM jsonb_each_text(\(sql: Store.object("headers"))) h ORDER BY h.key),
        ARRAY(SELECT h.value FROM jsonb_each_text(\(sql: Store.object("headers"))) h ORDER BY h.key), max_concurrency, enabled, disabled_reason,
        source
        """

    init(_ row: Row) throws {
        let (
            id, name, url, events, envelope, secret, previous, key, names, values, concurrency, enabled, reason, source
        ) =
            try row.decode(
                EndpointID.self,
                String.self,
                String.self,
                [String].self,
                String.self,
                [UInt8]?.self,
                [UInt8]?.self,
                [UInt8]?.self,
                [String].self,
                [String].self,
                Int.self,
                Bool.self,
                String.self,
                String.self
            )
        self.init(
            id: id,
            name: name,
            url: url,
            events: events,
            envelope: envelope,
            secret: secret,
            previousSecret: previous,
            signingKey: key,
            headers: Dictionary(zip(names, values)) { first, _ in first },
            maximumConcurrency: concurrency,
            isEnabled: enabled,
            disabledReason: reason,
            source: source
        )
    }
}
