// SPDX-License-Identifier: Apache-2.0

import PostgresClient
import Time

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

    static func insert(_ endpoint: Endpoint) -> SQL {
        let headers = endpoint.headers.sorted { $0.key < $1.key }
        return """
            INSERT INTO webhook_endpoints
                (id, name, url, events, envelope, secret, signing_key, headers, max_concurrency, source)
            VALUES (\(endpoint.id), \(endpoint.name), \(endpoint.url), \(endpoint.events), \(endpoint.envelope),
                \(endpoint.secret), \(endpoint.signingKey),
                jsonb_object(\(headers.map(\.key)), \(headers.map(\.value))),
                \(Int32(clamping: endpoint.maximumConcurrency)), \(endpoint.source))
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
        guard let endpoint = try await endpoints(named: name).first else {
            throw StoreError.notFound("webhook endpoint", name, remedy: "See 'stoker webhooks list'.")
        }
        return endpoint
    }

    /// The report of an endpoint. Throws ``StoreError`` of code `.notFound`.
    package func endpointDetails(_ name: String) async throws -> EndpointDetails {
        let endpoint = try await endpoint(named: name)
        let rows = try await pool.execute(
            Statement(
                "endpoints.details",
                """
                SELECT consecutive_failures, failing_since, opened_at, next_probe_at, probe_attempt,
                    CASE WHEN previous_secret_expires_at > now() THEN previous_secret_expires_at END, last_status,
                    last_error, last_success_at, created_at,
                    (
                        SELECT count(*)::int FROM webhook_deliveries d
                        WHERE d.endpoint_id = e.id AND d.status IN ('pending', 'temporary_failure', 'leased')
                    ),
                    (
                        SELECT count(*)::int FROM webhook_deliveries d
                        WHERE d.endpoint_id = e.id AND d.status = 'permanent_failure' AND NOT d.is_trial
                    )
                FROM webhook_endpoints e WHERE id = \(endpoint.id)
                """
            )
        )
        guard let row = rows.first else {
            throw StoreError.notFound("webhook endpoint", name, remedy: "See 'stoker webhooks list'.")
        }
        let (failures, since, opened, probe, probes, previous, status, error, success, created, waiting, dead) =
            try row.decode(
                Int.self,
                Instant?.self,
                Instant?.self,
                Instant?.self,
                Int.self,
                Instant?.self,
                Int?.self,
                String.self,
                Instant?.self,
                Instant.self,
                Int.self,
                Int.self
            )
        return EndpointDetails(
            endpoint: endpoint,
            health: EndpointHealth(
                consecutiveFailures: failures,
                failingSince: since,
                openedAt: opened,
                nextProbeAt: probe,
                probeAttempt: probes,
                isEnabled: endpoint.isEnabled,
                disabledReason: endpoint.disabledReason
            ),
            previousSecretExpiresAt: previous,
            lastStatus: status,
            lastError: error,
            lastSuccessAt: success,
            createdAt: created,
            waiting: waiting,
            deadLetters: dead
        )
    }
}
