// SPDX-License-Identifier: Apache-2.0

/// The time between an order and its prebuild.
package enum LeadTime {
    /// The 90th percentile, as Postgres' `percentile_disc` has it; `nil` without a build.
    package static func of(_ buildTimes: [Duration]) -> Duration? {
        guard !buildTimes.isEmpty else { return nil }
        let rank = (9 * buildTimes.count + 9) / 10
        return buildTimes.sorted()[max(rank, 1) - 1]
    }
}

/// The median and the 90th percentile of the times from order to ready, in seconds.
package struct LeadTimes: Hashable, Sendable, Codable {
    package let p50: Double
    package let p90: Double

    package init(p50: Double, p90: Double) {
        self.p50 = p50
        self.p90 = p90
    }
}
