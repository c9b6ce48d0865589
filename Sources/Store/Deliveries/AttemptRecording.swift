// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
package import Time

/// Records attempts and their effect on endpoints, in one transaction of two round trips.
///
/// Valid only inside the body of ``Store/recordingAttempts(_:)``, whose caller judges the attempts.
package struct AttemptRecording {
    fileprivate let transaction: PostgresTransaction

    /// The result of ``AttemptRecording/write(_:by:)``.
    package struct Written {
        /// The deliveries whose attempt was recorded.
        package var deliveries: Set<DeliveryID>
        /// The endpoints of all attempts as they were before, locked.
        package var endpoints: [Endpoint]
        /// The database's time.
        package var now: Instant
    }

    /// Records the results of the deliveries, and locks the rows of their endpoints.
    ///
    /// Fenced by lease and attempt: if another worker has leased a delivery, nothing of it changes. A delivery that was
    /// handed back waits again as if untouched, and does not count as recorded.
    package func write(_ attempts: [DeliveryAttempt], by worker: WorkerID) async throws -> Written {
        let handedBack = attempts.filter { $0.outcome == .handBack }
        let made = attempts.filter { $0.outcome != .handBack }
        let answers = try await transaction.executeBatch([
            Self.record(made, by: worker), Self.handBack(handedBack, by: worker),
            Self.lockEndpoints(Set(made.map(\.delivery.endpoint.id)).sorted()),
            Statement("deliveries.now", "SELECT now()"),
        ])
        return Written(
            deliveries: Set(try answers[0].map { try $0.decode(DeliveryID.self) }),
            endpoints: try answers[2].map(Endpoint.init),
            now: try answers[3].only().decode(Instant.self)
        )
    }

    /// Writes the health of endpoints, emits events for those that were disabled, and commits.
    package func commit(changed: [Endpoint], disabled: [Endpoint]) async throws {
        _ = try await transaction.executeBatchAndCommit(changed.map(Self.update) + disabled.map(Self.disabledEvent))
    }

    private static func record(_ attempts: [DeliveryAttempt], by worker: WorkerID) -> Statement {
        let waits = attempts.map { attempt -> Double in
            if case .retry(let wait) = attempt.outcome { wait.inSeconds } else { 0 }
        }
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
                \(attempts.map(\.delivery.id)), \(attempts.map { Int32(clamping: $0.delivery.attempt) }),
                \(attempts.map(\.outcome.status.rawValue)), \(waits),
                \(attempts.map { $0.responseCode.map { Int32(clamping: $0) } }),
                \(attempts.map { Int32(clamping: $0.latency.microseconds / 1000) }),
                \(attempts.map(\.errorClass)), \(attempts.map(\.address)), \(attempts.map(\.excerpt))
            ) r(id, attempt, status, wait, code, latency, error_class, address, excerpt)
            WHERE \(sql: isHeld(by: worker))
            RETURNING d.id
            """
        )
    }

    private static func handBack(_ attempts: [DeliveryAttempt], by worker: WorkerID) -> Statement {
        Statement(
            "deliveries.hand_back",
            within: .seconds(20),
            """
            UPDATE webhook_deliveries d SET status = 'temporary_failure', attempts = d.attempts - 1, leased_by = NULL,
                lease_expires_at = NULL, updated_at = now()
            FROM unnest(\(attempts.map(\.delivery.id)), \(attempts.map { Int32(clamping: $0.delivery.attempt) }))
                r(id, attempt)
            WHERE \(sql: isHeld(by: worker))
            """
        )
    }

    /// The fence: the lease is still the worker's, and for this attempt.
    private static func isHeld(by worker: WorkerID) -> SQL {
        "d.id = r.id AND d.status = 'leased' AND d.leased_by = \(worker) AND d.attempts = r.attempt"
    }

    private static func lockEndpoints(_ endpoints: [EndpointID]) -> Statement {
        Statement(
            "endpoints.lock",
            """
            SELECT \(sql: Endpoint.columns) FROM webhook_endpoints WHERE id = ANY(\(endpoints)) ORDER BY id
            FOR NO KEY UPDATE
            """
        )
    }

    private static func update(_ endpoint: Endpoint) -> Statement {
        let health = endpoint.health
        return Statement(
            "endpoints.health",
            """
            UPDATE webhook_endpoints SET \(sql: health.standing), last_error = \(health.lastError),
                last_status = \(health.lastStatus.map { Int32(clamping: $0) }), last_success_at = \(health.lastSuccessAt),
                updated_at = now()
            WHERE id = \(endpoint.id)
            """
        )
    }

    private static func disabledEvent(_ endpoint: Endpoint) -> Statement {
        let health = endpoint.health
        return Statement(
            "endpoints.disabled_event",
            """
            SELECT stoker_emit_event(
                \(sql: .event(.webhookEndpointDisabled)), NULL, \(sql: PlanWriter.templateAdmins),
                jsonb_build_object('endpoint', \(endpoint.name)),
                jsonb_build_object('endpoint', jsonb_build_object('id', \(endpoint.id), 'name', \(endpoint.name)),
                    'reason', \(health.disabledReason),
                    'last_status', \(health.lastStatus.map { Int32(clamping: $0) }),
                    'failing_since', \(health.circuit.failingSince)),
                ARRAY[\(endpoint.id)], 'endpoint/' || \(endpoint.id)::text, NULL, now()
            ), \(sql: News.ofEvents)
            """
        )
    }
}

extension Store {
    /// Records attempts in one transaction: the body writes them, judges the endpoints and commits.
    ///
    /// The body may run again if the transaction could not be serialized.
    package func recordingAttempts<Result>(_ body: (AttemptRecording) async throws -> Result) async throws -> Result {
        try await pool.withTransaction("deliveries.record") { try await body(AttemptRecording(transaction: $0)) }
    }
}
