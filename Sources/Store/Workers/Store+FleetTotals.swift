// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient

/// Totals of all claims of the fleet, whichever process made them.
package struct ClaimTotals: Hashable, Sendable {
    /// A histogram of durations.
    package struct Distribution: Hashable, Sendable {
        /// Per bucket, not cumulated; the last bucket is for values above all bounds.
        package var counts: [UInt64]
        package var sum: Double
    }

    /// The outcome and the pool of a claim: the names are empty when the claim named nothing that exists, or when an
    /// older release counted it.
    package struct Outcome: Hashable, Sendable {
        package var name: String
        package var pool: PoolName
    }

    package var outcomes: [Outcome: Double] = [:]
    /// Prebuilds that were claimed.
    package var claimed: [PoolName: Double] = [:]
    /// By stage, `bind` and `usable`; in seconds.
    package var durations: [String: Distribution] = [:]
    /// Of the last hour; `nil`: there were no claims.
    package var hitRatio: Double?
    /// How long this worker is the fleet's reporter, counted from before the call.
    package var reporterLease: Duration = .zero
}

extension Store {
    /// Adds the claims that are not counted yet to the fleet's totals, and returns these; `nil`: another worker exports
    /// them, and nothing was done.
    ///
    /// Each claim is counted once, whoever calls and how often; claims that retention removes stay counted.
    ///
    /// - Parameters:
    ///   - bounds: Upper bounds of the histograms' buckets; the same in every process.
    ///   - hitsAreFinal: Whether a hit is counted at once. Otherwise it is counted when its build has ended, because a
    ///     counter cannot go down.
    ///   - wasReporter: As in ``fleetFacts(for:wasReporter:)``.
    package func claimTotals(
        for worker: WorkerID,
        bounds: [Double],
        hitsAreFinal: Bool = true,
        wasReporter: Bool = false
    ) async throws -> ClaimTotals? {
        let statements = [
            Self.count(bounds, hitsAreFinal),
            Statement("totals.read", within: .seconds(10), "SELECT metric, labels, part, value FROM fleet_totals"),
            Statement(
                "totals.hit_ratio",
                within: .seconds(10),
                """
                SELECT avg((outcome = 'hit')::integer)::float8 FROM workspace_claims
                WHERE created_at > now() - interval '1 hour' AND outcome <> 'error'
                """
            ),
        ]
        guard
            let (lease, answers) = try await report(
                by: worker,
                wasReporter: wasReporter,
                statements
            )
        else { return nil }
        var totals = ClaimTotals(hitRatio: try answers[2].only().decode(Double?.self), reporterLease: lease)
        for row in answers[1] {
            totals.add(
                try row["value"],
                of: try row["part"],
                to: try row["metric"],
                try row["labels"],
                buckets: bounds.count + 1
            )
        }
        return totals
    }

    /// Takes claims in small batches, because their rows are locked meanwhile, and the first call may find many.
    private static func count(_ bounds: [Double], _ hitsAreFinal: Bool) -> Statement {
        // A claim's build succeeds, or it ends; a refusal has changed the outcome before that. Whatever the policy, the
        // template may refuse values that differ from the prebuild's.
        let isOpen: SQL = """
            (c.outcome = 'hit' AND c.usable_at IS NULL AND EXISTS (
                SELECT FROM workspace_builds b JOIN provisioner_jobs j ON j.id = b.job_id AND j.completed_at IS NULL
                WHERE b.workspace_id = c.workspace_id AND b.reason = 'claim' AND (NOT \(hitsAreFinal) OR EXISTS (
                    SELECT x.name, x.value FROM workspace_build_parameters x WHERE x.workspace_build_id = b.id
                    EXCEPT
                    SELECT y.name, y.value FROM workspace_builds p
                    JOIN workspace_build_parameters y ON y.workspace_build_id = p.id
                    WHERE p.workspace_id = b.workspace_id AND p.build_number = b.build_number - 1
                ))
            ))
            """
        return Statement(
            "totals.count",
            within: .seconds(30),
            """
            WITH news AS MATERIALIZED (
                SELECT c.id, c.outcome, c.template_id, c.preset_id, c.outcome_counted,
                    c.usable_at IS NOT NULL AND NOT c.usable_counted AS is_usable,
                    CASE WHEN isfinite(c.created_at) AND isfinite(c.bound_at)
                        THEN extract(epoch FROM c.bound_at - c.created_at)::float8 END AS bind,
                    CASE WHEN isfinite(c.created_at) AND isfinite(c.usable_at)
                        THEN extract(epoch FROM c.usable_at - c.created_at)::float8 END AS usable
                FROM workspace_claims c
                WHERE (NOT c.outcome_counted OR (c.usable_at IS NOT NULL AND NOT c.usable_counted))
                    AND NOT \(sql: isOpen)
                ORDER BY c.created_at LIMIT 10000 FOR UPDATE SKIP LOCKED
            ), marked AS (
                UPDATE workspace_claims c SET outcome_counted = true, usable_counted = c.usable_counted OR news.is_usable
                FROM news WHERE c.id = news.id
            ), pools AS (
                SELECT news.outcome, news.outcome_counted, coalesce(t.name, '') AS template, coalesce(p.name, '') AS preset,
                    coalesce(o.name, '') AS organization
                FROM news
                LEFT JOIN templates t ON t.id = news.template_id
                LEFT JOIN template_version_presets p ON p.id = news.preset_id
                LEFT JOIN organizations o ON o.id = t.organization_id
            ), took AS (
                SELECT 'bind' AS stage, greatest(bind, 0) AS seconds FROM news WHERE NOT outcome_counted AND bind IS NOT NULL
                UNION ALL
                SELECT 'usable', greatest(usable, 0) FROM news WHERE is_usable AND usable IS NOT NULL
            ), facts AS (
                SELECT 'outcomes' AS metric, ARRAY[outcome, template, preset, organization] AS labels, '' AS part,
                    count(*)::float8 AS value
                FROM pools WHERE NOT outcome_counted GROUP BY 2
                UNION ALL
                SELECT 'claimed', ARRAY[template, preset, organization], '', count(*)
                FROM pools WHERE NOT outcome_counted AND outcome = 'hit' AND preset <> '' GROUP BY 2
                UNION ALL
                -- A value on a bound belongs to the lower bucket.
                SELECT 'duration', ARRAY[stage], (
                    SELECT count(*) FROM unnest(\(bounds)) b(bound) WHERE b.bound < took.seconds
                )::text, count(*)
                FROM took GROUP BY 2, 3
                UNION ALL
                SELECT 'duration', ARRAY[stage], 'sum', sum(seconds) FROM took GROUP BY stage
            )
            INSERT INTO fleet_totals (metric, labels, part, value)
            SELECT 'claims/' || metric, labels, part, value FROM facts
            ON CONFLICT (metric, labels, part) DO UPDATE
            SET value = fleet_totals.value + excluded.value, updated_at = now()
            """
        )
    }
}

extension PoolName {
    /// Template, preset, organization.
    fileprivate init(_ names: ArraySlice<String>) {
        let names = Array(names)
        self.init(template: names[0], preset: names[1], organization: names[2])
    }
}

extension ClaimTotals {
    fileprivate mutating func add(
        _ value: Double,
        of part: String,
        to metric: String,
        _ labels: [String],
        buckets: Int
    ) {
        switch (metric, labels.count) {
        // Counted by the previous release, which had no pool labels.
        case ("claims/outcomes", 1): outcomes[Outcome(name: labels[0], pool: .none), default: 0] += value
        case ("claims/outcomes", 4):
            outcomes[Outcome(name: labels[0], pool: PoolName(labels.dropFirst())), default: 0] += value
        case ("claims/claimed", 3): claimed[PoolName(labels[...])] = value
        case ("claims/duration", 1):
            var distribution =
                durations[labels[0]] ?? Distribution(counts: Array(repeating: 0, count: buckets), sum: 0)
            if part == "sum" {
                distribution.sum = value
            } else if let bucket = Int(part), distribution.counts.indices.contains(bucket) {
                distribution.counts[bucket] = UInt64(value)
            }
            durations[labels[0]] = distribution
        // Totals of other metrics, or of a newer program.
        default: break
        }
    }
}
