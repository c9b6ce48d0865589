// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
package import Time

extension Store {
    /// Records attempts and what they mean for their endpoints, in one transaction.
    ///
    /// Fenced by lease and attempt: of a delivery whose lease has passed to another, nothing is changed.
    ///
    /// - Parameter judge: The endpoint's new health after an attempt, given the one before and the database's time; called
    ///   in the order of the attempts, with the endpoint's row locked.
    package func recordAttempts(
        _ finished: [FinishedAttempt],
        by worker: WorkerID,
        judge: (EndpointHealth, FinishedAttempt, Instant) -> EndpointHealth
    ) async throws -> RecordedAttempts {
        let attempts = finished.filter { !$0.attempt.isHandedBack }
        let handedBack = finished.filter { $0.attempt.isHandedBack }
        return try await pool.withTransaction("deliveries.record") { transaction in
            var result = RecordedAttempts()
            let answers = try await transaction.executeBatch([
                Self.record(attempts, by: worker), Self.handBack(handedBack, by: worker),
                Self.lockHealth(Set(attempts.map(\.delivery.endpoint.id)).sorted()),
            ])
            result.recorded = Set(try answers[0].map { try $0.decode(DeliveryID.self) })
            var writes: [Statement] = []
            for row in answers[2] {
                let (endpoint, health, now) = try EndpointHealth.read(row)
                let mine = attempts.filter {
                    $0.delivery.endpoint.id == endpoint && result.recorded.contains($0.delivery.id)
                }
                guard let last = mine.last else { continue }
                let judged = mine.reduce(health) { judge($0, $1, now) }
                if judged.isSpared { result.spared.insert(endpoint) }
                if judged != health { writes += Self.write(judged, for: last, was: health) }
            }
            let reached = Set(
                attempts.filter { $0.attempt.status == "sent" && result.recorded.contains($0.delivery.id) }
                    .map(\.delivery.endpoint.id)
            )
            if !reached.isEmpty { writes.append(Self.noteSuccess(reached.sorted())) }
            _ = try await transaction.executeBatchAndCommit(writes)
            return result
        }
    }

    private static func record(_ finished: [FinishedAttempt], by worker: WorkerID) -> Statement {
        let attempts = finished.map(\.attempt)
        return Statement(
            "deliveries.record",
            within: .seconds(20),
            """
            UPDATE webhook_deliveries d SET status = r.status::webhook_delivery_status,
                next_attempt_at = now() + make_interval(secs => r.wait), leased_by = NULL, lease_expires_at = NULL,
                response_code = r.code, latency_ms = r.latency, error_class = r.error_class, address = r.address,
                excerpt = r.excerpt, completed_at = CASE WHEN r.status <> 'temporary_failure' THEN now() END,
                updated_at = now()
            FROM unnest(
                \(finished.map(\.delivery.id)), \(finished.map { Int32(clamping: $0.delivery.attempt) }),
                \(attempts.map(\.status)), \(attempts.map(\.nextAttemptAfter.inSeconds)),
                \(attempts.map { $0.responseCode.map { Int32(clamping: $0) } }),
                \(attempts.map { Int32(clamping: $0.latency.microseconds / 1000) }),
                \(attempts.map(\.errorClass)), \(attempts.map(\.address)), \(attempts.map(\.excerpt))
            ) r(id, attempt, status, wait, code, latency, error_class, address, excerpt)
            WHERE d.id = r.id AND d.status = 'leased' AND d.leased_by = \(worker) AND d.attempts = r.attempt
            RETURNING d.id
            """
        )
    }

    /// What was leased and not sent waits again, as if it had not been touched.
    private static func handBack(_ finished: [FinishedAttempt], by worker: WorkerID) -> Statement {
        Statement(
            "deliveries.hand_back",
            within: .seconds(20),
            """
            UPDATE webhook_deliveries d SET status = 'temporary_failure', attempts = d.attempts - 1, leased_by = NULL,
                lease_expires_at = NULL, updated_at = now()
            FROM unnest(\(finished.map(\.delivery.id)), \(finished.map { Int32(clamping: $0.delivery.attempt) }))
                r(id, attempt)
            WHERE d.id = r.id AND d.status = 'leased' AND d.leased_by = \(worker) AND d.attempts = r.attempt
            """
        )
    }

    private static func lockHealth(_ endpoints: [EndpointID]) -> Statement {
        Statement(
            "endpoints.lock_health",
            """
            SELECT id, consecutive_failures, failing_since, opened_at, next_probe_at, probe_attempt, enabled,
                disabled_reason, now()
            FROM webhook_endpoints WHERE id = ANY(\(endpoints)) ORDER BY id FOR NO KEY UPDATE
            """
        )
    }

    /// At most every ten seconds: with each delivery it would be the hottest row of the database.
    private static func noteSuccess(_ endpoints: [EndpointID]) -> Statement {
        Statement(
            "endpoints.success",
            """
            UPDATE webhook_endpoints SET last_success_at = now(), last_error = '', updated_at = now()
            WHERE id = ANY(\(endpoints))
                AND (last_success_at IS NULL OR last_error <> '' OR last_success_at < now() - interval '10 seconds')
            """
        )
    }

    private static func write(_ health: EndpointHealth, for finished: FinishedAttempt, was before: EndpointHealth)
        -> [Statement]
    {
        let endpoint = finished.delivery.endpoint
        let attempt = finished.attempt
        let update = Statement(
            "endpoints.health",
            """
            UPDATE webhook_endpoints SET consecutive_failures = \(Int32(clamping: health.consecutiveFailures)),
                failing_since = \(health.failingSince), opened_at = \(health.openedAt),
                next_probe_at = \(health.nextProbeAt), probe_attempt = \(Int32(clamping: health.probeAttempt)),
                enabled = \(health.isEnabled), disabled_reason = \(health.disabledReason),
                last_status = \(attempt.responseCode.map { Int32(clamping: $0) }), last_error = \(attempt.errorClass),
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
                        'reason', \(health.disabledReason),
                        'last_status', \(attempt.responseCode.map { Int32(clamping: $0) }),
                        'failing_since', \(health.failingSince)),
                    ARRAY[\(endpoint.id)], 'endpoint/' || \(endpoint.id)::text, NULL, now()
                ), \(sql: News.ofEvents)
                """
            ),
        ]
    }
}

/// An attempt that has ended, and whose it was.
package struct FinishedAttempt: Hashable, Sendable {
    package var delivery: LeasedDelivery
    package var attempt: DeliveryAttempt

    package init(_ delivery: LeasedDelivery, _ attempt: DeliveryAttempt) {
        self.delivery = delivery
        self.attempt = attempt
    }
}

/// What was recorded of a batch of attempts.
package struct RecordedAttempts: Hashable, Sendable {
    /// The deliveries whose leases still held.
    package var recorded: Set<DeliveryID> = []
    /// Endpoints that get nothing for now: disabled, or their circuit is open.
    package var spared: Set<EndpointID> = []

    package init() {}
}

extension EndpointHealth {
    fileprivate var isSpared: Bool { !isEnabled || openedAt != nil }

    fileprivate static func read(_ row: Row) throws -> (EndpointID, EndpointHealth, Instant) {
        let (id, failures, since, opened, probe, probes, enabled, reason, now) = try row.decode(
            EndpointID.self,
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
        return (id, health, now)
    }
}
