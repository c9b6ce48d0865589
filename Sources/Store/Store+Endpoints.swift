// SPDX-License-Identifier: Apache-2.0

import PostgresClient
package import Prebuilds

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
        self.isEnabled = isEnabled
        self.disabledReason = disabledReason
        self.source = source
    }
}

extension Store {
    /// Adds an endpoint. Throws ``StoreError`` of code `.nameTaken`.
    package func addEndpoint(_ endpoint: Endpoint) async throws {
        try Name.requireLabel(endpoint.name, of: "webhook endpoint", most: 64)
        try await StoreError.naming("webhook endpoint", endpoint.name) {
            _ = try await pool.execute(
                Statement("endpoints.add", "\(sql: Self.insert(endpoint))")
            )
        }
    }

    /// Makes the endpoint that configuration names what configuration says, and leaves its health alone.
    package func configureEndpoint(_ endpoint: Endpoint) async throws {
        _ = try await pool.execute(
            Statement(
                "endpoints.configure",
                """
                \(sql: Self.insert(endpoint))
                ON CONFLICT (name) DO UPDATE SET url = excluded.url, secret = excluded.secret, events = excluded.events,
                    envelope = excluded.envelope, headers = excluded.headers, updated_at = now()
                WHERE webhook_endpoints.source = 'configuration'
                """
            )
        )
    }

    private static func insert(_ endpoint: Endpoint) -> SQL {
        let headers = endpoint.headers.sorted { $0.key < $1.key }
        return """
            INSERT INTO webhook_endpoints (id, name, url, events, envelope, secret, signing_key, headers, source)
            VALUES (\(endpoint.id), \(endpoint.name), \(endpoint.url), \(endpoint.events), \(endpoint.envelope),
                \(endpoint.secret), \(endpoint.signingKey),
                jsonb_object(\(headers.map(\.key)), \(headers.map(\.value))), \(endpoint.source))
            """
    }

    /// All endpoints by name; one of them, when named.
    package func endpoints(named name: String? = nil) async throws -> [Endpoint] {
        let rows = try await pool.execute(
            Statement(
                "endpoints.list",
                """
                SELECT id, name, url, events, envelope, secret,
                    CASE WHEN coalesce(previous_secret_expires_at > now(), true) THEN previous_secret END, signing_key,
                    ARRAY(SELECT h.key FROM jsonb_each_text(headers) h ORDER BY h.key),
                    ARRAY(SELECT h.value FROM jsonb_each_text(headers) h ORDER BY h.key), enabled, disabled_reason, source
                FROM webhook_endpoints WHERE \(name) IS NULL OR name = \(name) ORDER BY name
                """
            )
        )
        return try rows.map { row in
            let (id, name, url, events, envelope, secret, previous, key, names, values, enabled, reason, source) =
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
                    Bool.self,
                    String.self,
                    String.self
                )
            return Endpoint(
                id: id,
                name: name,
                url: url,
                events: events,
                envelope: envelope,
                secret: secret,
                previousSecret: previous,
                signingKey: key,
                headers: Dictionary(zip(names, values)) { first, _ in first },
                isEnabled: enabled,
                disabledReason: reason,
                source: source
            )
        }
    }
}
