// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient

/// Changes of existing endpoints, by operators and configuration.
extension Store {
    /// Sets a new secret, with which the endpoint signs from now on; the previous one signs as well for a while.
    ///
    /// - Parameters:
    ///   - secret: The secret as it is stored.
    ///   - overlap: How long the previous secret signs as well; receivers accept either meanwhile.
    package func rotateSecret(of endpoint: EndpointID, to secret: [UInt8], overlap: Duration) async throws {
        try await change(
            endpoint,
            "endpoints.rotate",
            """
            previous_secret = secret, secret = \(secret),
            previous_secret_expires_at = now() + make_interval(secs => \(overlap.inSeconds))
            """
        )
    }

    /// Sets an endpoint's Ed25519 key, and replaces the existing one.
    package func setSigningKey(of endpoint: EndpointID, to key: [UInt8]) async throws {
        try await change(endpoint, "endpoints.signing_key", "signing_key = \(key)")
    }

    /// Disables an endpoint; its waiting deliveries stay. No event is written, because the operator knows it.
    package func disableEndpoint(_ endpoint: EndpointID, reason: String) async throws {
        try await change(endpoint, "endpoints.disable", "enabled = false, disabled_reason = \(reason)")
    }

    private func change(_ endpoint: EndpointID, _ name: String, _ assignments: SQL) async throws {
        try await requireEndpoint(
            endpoint,
            Statement(
                name,
                "UPDATE webhook_endpoints SET \(sql: assignments), updated_at = now() WHERE id = \(endpoint) RETURNING id"
            )
        )
    }

    /// Enables an endpoint and resets its circuit breaker.
    package func enableEndpoint(_ endpoint: EndpointID) async throws {
        try await requireEndpoint(
            endpoint,
            Statement(
                "endpoints.enable",
                """
                WITH enabled AS (
                    UPDATE webhook_endpoints SET \(sql: EndpointHealth().standing), updated_at = now()
                    WHERE id = \(endpoint) RETURNING id
                ), due AS (
                    UPDATE webhook_deliveries d SET next_attempt_at = now(), updated_at = now()
                    FROM enabled WHERE d.endpoint_id = enabled.id AND d.status = 'temporary_failure'
                )
                SELECT id, \(sql: News.ofEvents) FROM enabled
                """
            )
        )
    }

    /// Removes an endpoint and all its deliveries.
    package func removeEndpoint(_ endpoint: EndpointID) async throws {
        try await requireEndpoint(
            endpoint,
            Statement(
                "endpoints.remove",
                within: .seconds(120),
                "DELETE FROM webhook_endpoints WHERE id = \(endpoint) RETURNING id"
            )
        )
    }

    private func requireEndpoint(_ endpoint: EndpointID, _ statement: Statement) async throws {
        try await changing("endpoints.change") { transaction in
            guard try await transaction.execute(statement).isEmpty else { return }
            throw StoreError.notFound("webhook endpoint", "\(endpoint)")
        }
    }
}

// MARK: - Configuration

extension Store {
    /// The reason of an endpoint that was removed from the configuration.
    package static let settingIsGone = "its setting is gone"

    /// Makes or updates the configured endpoint. Its health is kept unless the URL has changed; an endpoint that was
    /// disabled because its setting was gone is enabled again.
    ///
    /// Throws ``StoreError`` of code `.nameTaken` when an endpoint that was made by a command has its name.
    ///
    /// - Parameters:
    ///   - replaced: The stored secret that this one takes the place of, `nil` when it is the same. It signs as well for
    ///     the time of `overlap`.
    package func configureEndpoint(
        _ endpoint: Endpoint,
        replacing replaced: [UInt8]? = nil,
        overlap: Duration = .seconds(86_400)
    ) async throws {
        // Only for the first worker with the new secret: for the next one it is not new.
        let isRotation: SQL = "webhook_endpoints.secret = \(replaced)"
        let answers = try await pool.executeBatch([
            Statement(
                "endpoints.configure_elsewhere",
                """
                UPDATE webhook_endpoints SET \(sql: EndpointHealth().standing), updated_at = now()
                WHERE name = \(endpoint.name) AND source = 'configuration'
                    AND (url <> \(endpoint.url) OR disabled_reason = \(Self.settingIsGone))
                """
            ),
            Statement(
                "endpoints.configure",
                """
                \(sql: Self.insert(endpoint))
                ON CONFLICT (name) DO UPDATE SET url = excluded.url, secret = excluded.secret, events = excluded.events,
                    envelope = excluded.envelope, headers = excluded.headers, updated_at = now(),
                    previous_secret = CASE WHEN \(sql: isRotation) THEN webhook_endpoints.secret
                        ELSE webhook_endpoints.previous_secret END,
                    previous_secret_expires_at = CASE
                        WHEN \(sql: isRotation) THEN now() + make_interval(secs => \(overlap.inSeconds))
                        ELSE webhook_endpoints.previous_secret_expires_at
                    END
                WHERE webhook_endpoints.source = 'configuration'
                RETURNING id
                """
            ),
        ])
        if answers[1].isEmpty {
            throw StoreError(
                .nameTaken,
                "The name '\(endpoint.name)' belongs to a webhook endpoint that was added by command",
                remedy: "Remove it with 'stoker webhooks remove \(endpoint.name)', or remove the setting."
            )
        }
    }

    /// Disables the endpoint of an earlier configuration; its waiting deliveries are kept.
    package func retireConfiguredEndpoint() async throws {
        _ = try await pool.execute(
            "endpoints.retire",
            """
            UPDATE webhook_endpoints SET enabled = false, disabled_reason = \(Self.settingIsGone), updated_at = now()
            WHERE source = 'configuration' AND enabled
            """
        )
    }
}
