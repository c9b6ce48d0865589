// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
package import Time

/// An endpoint for operators: its settings, its health and its backlog.
package struct EndpointDetails: Hashable, Sendable {
    package var endpoint: Endpoint
    /// When the previous secret stops signing.
    package var previousSecretExpiresAt: Instant?
    package var createdAt: Instant
    /// Deliveries that wait or are being sent.
    package var waiting: Int
    /// Dead letters.
    package var deadLetters: Int
}

extension Store {
    /// Adds an endpoint. Throws ``StoreError`` of code `.nameTaken`.
    package func addEndpoint(_ endpoint: Endpoint) async throws {
        try Name.requireLabel(endpoint.name, of: "webhook endpoint", most: 64)
        try await StoreError.naming("webhook endpoint", endpoint.name) {
            try await changing("endpoints.add") {
                _ = try await $0.execute("endpoints.add", "\(sql: Self.insert(endpoint))")
            }
        }
    }

    static func insert(_ endpoint: Endpoint) -> SQL {
        let headers = endpoint.headers.sorted { $0.key < $1.key }
        let labels = endpoint.filter.labels.sorted { $0.key < $1.key }
        return """
            INSERT INTO webhook_endpoints
                (id, name, url, events, envelope, secret, signing_key, headers, max_concurrency, source, templates,
                presets, organizations, workspace_labels)
            VALUES (\(endpoint.id), \(endpoint.name), \(endpoint.url), \(endpoint.events), \(endpoint.envelope.text),
                \(endpoint.secret), \(endpoint.signingKey),
                jsonb_object(\(headers.map(\.key)), \(headers.map(\.value))),
                \(Int32(clamping: endpoint.maximumConcurrency)), \(endpoint.source.text), \(endpoint.filter.templates),
                \(endpoint.filter.presets), \(endpoint.filter.organizations),
                jsonb_object(\(labels.map(\.key)), \(labels.map(\.value))))
            """
    }

    /// All endpoints by name, or the named one.
    package func endpoints(named name: String? = nil) async throws -> [Endpoint] {
        try await pool.execute(Self.listEndpoints(named: name)).map(Endpoint.init)
    }

    static func listEndpoints(named name: String? = nil) -> Statement {
        Statement(
            "endpoints.list",
            """
            SELECT \(sql: Endpoint.columns)
            FROM webhook_endpoints WHERE \(name) IS NULL OR name = \(name) ORDER BY name
            """
        )
    }

    /// The endpoint of that name. Throws ``StoreError`` of code `.notFound`.
    package func endpoint(named name: String) async throws -> Endpoint {
        guard let endpoint = try await endpoints(named: name).first else { throw StoreError.noEndpoint(name) }
        return endpoint
    }

    /// The report of an endpoint. Throws ``StoreError`` of code `.notFound`.
    package func endpointDetails(_ name: String) async throws -> EndpointDetails {
        let rows = try await pool.execute(
            "endpoints.details",
            """
            SELECT \(sql: Endpoint.columns),
                CASE WHEN previous_secret_expires_at > now() THEN previous_secret_expires_at END AS previous_until,
                created_at,
                (
                    SELECT count(*) FROM webhook_deliveries d WHERE d.endpoint_id = e.id AND \(sql: DeliveryStatus.open)
                ) AS waiting,
                (
                    SELECT count(*) FROM webhook_deliveries d WHERE d.endpoint_id = e.id AND \(sql: DeliveryStatus.dead)
                ) AS dead
            FROM webhook_endpoints e WHERE name = \(name)
            """
        )
        guard let row = rows.first else { throw StoreError.noEndpoint(name) }
        return EndpointDetails(
            endpoint: try Endpoint(row),
            previousSecretExpiresAt: try row["previous_until"],
            createdAt: try row["created_at"],
            waiting: try row["waiting"],
            deadLetters: try row["dead"]
        )
    }
}

extension StoreError {
    fileprivate static func noEndpoint(_ name: String) -> StoreError {
        notFound("webhook endpoint", name, remedy: "See 'stoker webhooks list'.")
    }
}
