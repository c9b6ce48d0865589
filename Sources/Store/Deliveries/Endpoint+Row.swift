// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient

extension Endpoint {
    /// The columns that ``init(_:)`` reads, of `webhook_endpoints`. Whatever the schema admits can be read, so that no
    /// endpoint holds up the others.
    static let columns: SQL = """
        id, name, url, ARRAY(SELECT coalesce(x, '') FROM unnest(events) x) AS events, envelope, secret,
        CASE WHEN coalesce(previous_secret_expires_at > now(), true) THEN previous_secret END AS previous_secret, signing_key,
        ARRAY(SELECT h.key FROM jsonb_each_text(\(sql: Store.object("headers"))) h ORDER BY h.key) AS header_names,
        ARRAY(SELECT coalesce(h.value, '') FROM jsonb_each_text(\(sql: Store.object("headers"))) h ORDER BY h.key) AS header_values,
        ARRAY(SELECT coalesce(x, '') FROM unnest(templates) x) AS templates,
        ARRAY(SELECT coalesce(x, '') FROM unnest(presets) x) AS presets,
        ARRAY(SELECT coalesce(x, '') FROM unnest(organizations) x) AS organizations,
        ARRAY(SELECT l.key FROM jsonb_each_text(\(sql: Store.object("workspace_labels"))) l ORDER BY l.key) AS label_names,
        ARRAY(SELECT coalesce(l.value, '') FROM jsonb_each_text(\(sql: Store.object("workspace_labels"))) l ORDER BY l.key)
            AS label_values,
        max_concurrency, source, enabled, disabled_reason, consecutive_failures, failing_since, opened_at, next_probe_at,
        probe_attempt, last_status, last_error, last_success_at
        """

    init(_ row: Row) throws {
        self.init(
            id: try row["id"],
            name: try row["name"],
            url: try row["url"],
            events: try row["events"],
            secret: try row["secret"],
            previousSecret: try row["previous_secret"],
            signingKey: try row["signing_key"],
            headers: try row.pairs("header_names", "header_values"),
            maximumConcurrency: try row["max_concurrency"]
        )
        filter = EventFilter(
            templates: try row["templates"],
            presets: try row["presets"],
            organizations: try row["organizations"],
            labels: try row.pairs("label_names", "label_values")
        )
        envelope = try row["envelope"]
        source = try row["source"]
        health.isEnabled = try row["enabled"]
        health.disabledReason = try row["disabled_reason"]
        health.circuit = CircuitBreaker(
            consecutiveFailures: try row["consecutive_failures"],
            failingSince: try row["failing_since"],
            openedAt: try row["opened_at"],
            nextProbeAt: try row["next_probe_at"],
            probeAttempt: try row["probe_attempt"]
        )
        health.lastStatus = try row["last_status"]
        health.lastError = try row["last_error"]
        health.lastSuccessAt = try row["last_success_at"]
    }
}

extension EndpointHealth {
    /// ``EndpointHealth/isSpared`` as a condition on an endpoint's row `e`.
    static let isSpared: SQL = "NOT e.enabled OR e.opened_at IS NOT NULL"

    /// The health as assignments to an endpoint's row.
    var standing: SQL {
        """
        enabled = \(isEnabled), disabled_reason = \(disabledReason),
        consecutive_failures = \(Int32(clamping: circuit.consecutiveFailures)), failing_since = \(circuit.failingSince),
        opened_at = \(circuit.openedAt), next_probe_at = \(circuit.nextProbeAt),
        probe_attempt = \(Int32(clamping: circuit.probeAttempt))
        """
    }
}
