// SPDX-License-Identifier: Apache-2.0

import PostgresClient
package import Prebuilds

extension Store {
    /// Takes up to `limit` deliveries that are due, under a lease: should this worker die, another sends them again with
    /// the same id. Deliveries to an endpoint that is disabled, or whose circuit is open, wait; but for one that probes, and
    /// for trials.
    package func leaseDeliveries(for worker: WorkerID, limit: Int, lease: Duration) async throws -> [LeasedDelivery] {
        let answers = try await pool.executeBatch([
            Self.releaseAbandoned(limit), Self.lease(for: worker, limit: limit, lease: lease),
        ])
        guard let rows = answers.last else { return [] }
        guard !rows.isEmpty else { return [] }
        let endpoints = Dictionary(try await endpoints().map { ($0.id, $0) }) { first, _ in first }
        return try rows.compactMap { row in
            let (id, event, type, endpoint, body, contentType, attempt, created, now) = try row.decode(
                DeliveryID.self,
                EventID.self,
                String.self,
                EndpointID.self,
                [UInt8].self,
                String.self,
                Int.self,
                Instant.self,
                Instant.self
            )
            return endpoints[endpoint].map {
                LeasedDelivery(
                    id: id,
                    eventID: event,
                    eventType: type,
                    endpoint: $0,
                    body: body,
                    contentType: contentType,
                    attempt: attempt,
                    createdAt: created,
                    now: now
                )
            }
        }
    }

    /// What a worker had leased that has not been heard of since waits again, like anything else.
    private static func releaseAbandoned(_ limit: Int) -> Statement {
        Statement(
            "deliveries.release",
            within: .seconds(10),
            """
            UPDATE webhook_deliveries
            SET status = 'temporary_failure', leased_by = NULL, lease_expires_at = NULL, updated_at = now()
            WHERE id IN (
                SELECT id FROM webhook_deliveries WHERE status = 'leased' AND lease_expires_at < now()
                ORDER BY lease_expires_at LIMIT \(literal: limit) FOR UPDATE SKIP LOCKED
            )
            """
        )
    }

    /// It goes from endpoint to endpoint, so that what waits for a dead one is never walked to reach the others'.
    private static func lease(for worker: WorkerID, limit: Int, lease: Duration) -> Statement {
        let isDue: SQL = "d.status IN ('pending', 'temporary_failure') AND d.next_attempt_at <= now()"
        return Statement(
            "deliveries.lease",
            within: .seconds(10),
            """
            WITH probing AS (
                -- The probe is taken by moving the next one away: only one worker of the fleet matches the row.
                UPDATE webhook_endpoints SET next_probe_at = now() + make_interval(secs => \(lease.inSeconds))
                WHERE id IN (
                    SELECT id FROM webhook_endpoints e
                    WHERE enabled AND opened_at IS NOT NULL AND next_probe_at <= now() AND EXISTS (
                        SELECT FROM webhook_deliveries d WHERE d.endpoint_id = e.id AND \(sql: isDue)
                    )
                    FOR UPDATE SKIP LOCKED
                ) RETURNING id
            ), probes AS (
                SELECT x.* FROM probing CROSS JOIN LATERAL (
                    SELECT d.id, d.next_attempt_at FROM webhook_deliveries d
                    WHERE d.endpoint_id = probing.id AND \(sql: isDue)
                    ORDER BY d.next_attempt_at, d.id LIMIT 1 FOR UPDATE SKIP LOCKED
                ) x
            ), waiting AS (
                SELECT x.* FROM webhook_endpoints e CROSS JOIN LATERAL (
                    SELECT d.id, d.next_attempt_at FROM webhook_deliveries d
                    WHERE d.endpoint_id = e.id AND \(sql: isDue)
                    ORDER BY d.next_attempt_at, d.id LIMIT \(literal: limit) FOR UPDATE SKIP LOCKED
                ) x
                WHERE e.enabled AND e.opened_at IS NULL
            ), trials AS (
                SELECT d.id, d.next_attempt_at FROM webhook_deliveries d WHERE d.is_trial AND \(sql: isDue)
                ORDER BY d.next_attempt_at, d.id LIMIT \(literal: limit) FOR UPDATE SKIP LOCKED
            )
            UPDATE webhook_deliveries d
            SET status = 'leased', leased_by = \(worker), attempts = d.attempts + 1, updated_at = now(),
                lease_expires_at = now() + make_interval(secs => \(lease.inSeconds))
            FROM (
                SELECT DISTINCT id, next_attempt_at
                FROM (SELECT * FROM trials UNION ALL SELECT * FROM probes UNION ALL SELECT * FROM waiting) x
                ORDER BY next_attempt_at, id LIMIT \(literal: limit)
            ) taken, notification_events v
            WHERE d.id = taken.id AND v.id = d.event_id
            RETURNING d.id, d.event_id, v.type, d.endpoint_id, d.body, d.content_type, d.attempts, d.created_at, now()
            """
        )
    }

    /// Records an attempt and what it means for the endpoint, in one transaction.
    ///
    /// Fenced by lease and attempt: a worker whose lease has passed to another changes nothing, and false is returned.
    ///
    /// - Parameter judge: The endpoint's new health, given its present one, whose row is locked meanwhile.
    package func recordAttempt(
        _ attempt: DeliveryAttempt,
        of delivery: LeasedDelivery,
        by worker: WorkerID,
        judge: (EndpointHealth, Instant) -> EndpointHealth
    ) async throws -> Bool {
        try await pool.withTransaction("deliveries.record") { transaction in
            let answers = try await transaction.executeBatch([
                Self.record(attempt, of: delivery, by: worker), Self.lockHealth(delivery.endpoint.id),
            ])
            guard !answers[0].isEmpty, let row = answers[1].first else { return false }
            let (health, now) = try EndpointHealth.read(row)
            let judged = judge(health, now)
            if judged != health {
                _ = try await transaction.executeBatch(Self.write(judged, for: delivery.endpoint, attempt, was: health))
            }
            return true
        }
    }

    private static func record(_ attempt: DeliveryAttempt, of delivery: LeasedDelivery, by worker: WorkerID)
        -> Statement
    {
        Statement(
            "deliveries.record",
            """
            UPDATE webhook_deliveries SET status = \(attempt.status)::webhook_delivery_status,
                next_attempt_at = now() + make_interval(secs => \(attempt.nextAttemptAfter.inSeconds)),
                leased_by = NULL, lease_expires_at = NULL, response_code = \(attempt.responseCode.map(Int32.init)),
                latency_ms = \(Int32(attempt.latency.microseconds / 1000)), error_class = \(attempt.errorClass),
                address = \(attempt.address), excerpt = \(attempt.excerpt),
                completed_at = CASE WHEN \(attempt.status) <> 'temporary_failure' THEN now() END, updated_at = now()
            WHERE id = \(delivery.id) AND status = 'leased' AND leased_by = \(worker) AND attempts = \(Int32(delivery.attempt))
            RETURNING id
            """
        )
    }

    private static func lockHealth(_ endpoint: EndpointID) -> Statement {
        Statement(
            "endpoints.lock_health",
            """
            SELECT consecutive_failures, failing_since, opened_at, next_probe_at, probe_attempt, enabled, disabled_reason,
                now()
            FROM webhook_endpoints WHERE id = \(endpoint) FOR NO KEY UPDATE
            """
        )
    }

    private static func write(
        _ health: EndpointHealth,
        for endpoint: Endpoint,
        _ attempt: DeliveryAttempt,
        was before: EndpointHealth
    ) -> [Statement] {
        let update = Statement(
            "endpoints.health",
            """
            UPDATE webhook_endpoints SET consecutive_failures = \(Int32(health.consecutiveFailures)),
                failing_since = \(health.failingSince), opened_at = \(health.openedAt),
                next_probe_at = \(health.nextProbeAt), probe_attempt = \(Int32(health.probeAttempt)),
                enabled = \(health.isEnabled), disabled_reason = \(health.disabledReason),
                last_status = \(attempt.responseCode.map(Int32.init)), last_error = \(attempt.errorClass),
                last_success_at = CASE WHEN \(attempt.status) = 'sent' THEN now() ELSE last_success_at END,
                updated_at = now()
            WHERE id = \(endpoint.id)
            """
        )
        guard before.isEnabled, !health.isEnabled else { return [update] }
        return [
            update,
            Statement(
                "endpoints.disabled_event",
                """
                SELECT stoker_emit_event(
                    'webhook_endpoint_disabled', NULL, \(sql: PlanWriter.templateAdmins),
                    jsonb_build_object('endpoint', \(endpoint.name)),
                    jsonb_build_object('endpoint', jsonb_build_object('id', \(endpoint.id), 'name', \(endpoint.name)),
                        'reason', \(health.disabledReason), 'last_status', \(attempt.responseCode.map(Int32.init)),
                        'failing_since', \(health.failingSince)),
                    ARRAY[\(endpoint.id)], 'endpoint/' || \(endpoint.id)::text, NULL, now()
                )
                """
            ),
        ]
    }
}

extension EndpointHealth {
    fileprivate static func read(_ row: Row) throws -> (EndpointHealth, Instant) {
        let (failures, since, opened, probe, probes, enabled, reason, now) = try row.decode(
            Int.self,
            Instant?.self,
            Instant?.self,
            Instant?.self,
            Int.self,
            Bool.self,
            String.self,
            Instant.self
        )
        let health = EndpointHealth(
            consecutiveFailures: failures,
            failingSince: since,
            openedAt: opened,
            nextProbeAt: probe,
            probeAttempt: probes,
            isEnabled: enabled,
            disabledReason: reason
        )
        return (health, now)
    }
}
