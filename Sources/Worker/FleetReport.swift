// SPDX-License-Identifier: Apache-2.0

import Domain
import Store
import Telemetry

extension PoolName {
    /// The labels of pool metrics.
    fileprivate var labels: [String] { [template, preset, organization] }
}

/// The metrics of the whole fleet at one moment.
struct FleetReport {
    let samples: [GaugeSample]
    var histograms: [HistogramSample] = []
    /// For how long they may be exported.
    let lease: Duration

    /// Jobs, workers and deliveries. They describe a moment, so they are exported for a few intervals at most.
    init(_ facts: FleetFacts, atMost limit: Duration) {
        var counts: [[String]: Double] = [:]
        // Every status and class has a value, so that a zero is not absent.
        for status in JobStatus.allCases where !status.hasEnded {
            for jobClass in JobClass.allCases {
                counts[[status.rawValue, jobClass.rawValue] + PoolName.none.labels] = 0
            }
        }
        for jobs in facts.jobs {
            counts[[jobs.status.text, jobs.jobClass.rawValue] + jobs.pool.labels, default: 0] += Double(jobs.count)
        }
        samples =
            counts.map { GaugeSample(MetricCatalogue.jobCounts, $0.key, $0.value) }
            + [
                GaugeSample(MetricCatalogue.jobOldestPending, [], facts.oldestPending / .seconds(1)),
                GaugeSample(MetricCatalogue.webhookBacklog, [], Double(facts.deliveries.deliveries)),
                GaugeSample(MetricCatalogue.webhookOldestPending, [], facts.deliveries.oldestAge / .seconds(1)),
            ]
            + WorkerState.allCases.map {
                GaugeSample(MetricCatalogue.workerCounts, [$0.rawValue], Double(facts.workers[$0] ?? 0))
            }
            + (facts.notificationQueueUsage.map { [GaugeSample(MetricCatalogue.notificationQueueUsage, [], $0)] } ?? [])
        lease = min(facts.reporterLease, limit)
    }

    /// How pools did in the last hour.
    init(_ pools: [PoolName: PoolCounters], lease: Duration) {
        samples = pools.flatMap { pool, counters in
            let quantiles: [(MetricFamily, String, Double?)] = [
                (MetricCatalogue.poolBind, "0.5", counters.bind.p50),
                (MetricCatalogue.poolBind, "0.95", counters.bind.p95),
                (MetricCatalogue.poolUsable, "0.5", counters.usable.p50),
                (MetricCatalogue.poolUsable, "0.95", counters.usable.p95),
                (MetricCatalogue.poolReady, "0.5", counters.readyTime?.p50),
                (MetricCatalogue.poolReady, "0.9", counters.readyTime?.p90),
            ]
            let values: [(MetricFamily, Double?)] = [
                (MetricCatalogue.poolHitRatio, counters.hitRatio),
                (MetricCatalogue.poolWaits, Double(counters.waited)),
                (MetricCatalogue.poolIdle, counters.idle),
                (MetricCatalogue.poolWasted, Double(counters.wastedBuilds)),
            ]
            return values.compactMap { family, value in value.map { GaugeSample(family, pool.labels, $0) } }
                + quantiles.compactMap { family, quantile, value in
                    value.map { GaugeSample(family, pool.labels + [quantile], $0) }
                }
        }
        self.lease = lease
    }

    /// Totals of all claims, which stay valid until the next count.
    init(_ totals: ClaimTotals) {
        samples =
            totals.outcomes.map { GaugeSample(MetricCatalogue.claimOutcomes, [$0.name] + $0.pool.labels, $1) }
            + totals.claimed.map { GaugeSample(MetricCatalogue.prebuildsClaimed, $0.labels, $1) }
            + (totals.hitRatio.map { [GaugeSample(MetricCatalogue.claimHitRatio, [], $0)] } ?? [])
        histograms = totals.durations.map {
            HistogramSample(MetricCatalogue.claimDuration, [$0], counts: $1.counts, sum: $1.sum)
        }
        lease = totals.reporterLease
    }
}
