// SPDX-License-Identifier: Apache-2.0

/// Policies side by side: the output of `stoker pools simulate`.
package struct SimulationReport: Hashable, Sendable, Encodable {
    package let policies: [Policy]
    /// `nil`: no pool of a fixed size reaches the goal.
    package let leastFixed: LeastFixed?
    /// What each goal costs a pool that sizes itself.
    package let pareto: [Price]

    private enum CodingKeys: String, CodingKey {
        case policies, pareto
        case leastFixed = "least_fixed"
    }

    package init(policies: [Policy], leastFixed: LeastFixed?, pareto: [Price]) {
        self.policies = policies
        self.leastFixed = leastFixed
        self.pareto = pareto
    }

    /// `least_fixed` is always there, if need be as `null`.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(policies, forKey: .policies)
        try container.encode(leastFixed, forKey: .leastFixed)
        try container.encode(pareto, forKey: .pareto)
    }
}

extension SimulationReport {
    /// One policy's result.
    package struct Policy: Hashable, Sendable, Encodable {
        package let policy: String
        package let claims: Int
        package let hits: Int
        package let hitRatio: Double
        package let idleMean: Double
        package let idleHours: Double
        package let builds: Int
        package let wastedBuilds: Int
        package let changesPerDay: Double
        /// Changes in the other direction than the one before.
        package let turnsPerDay: Double
        package let missesByHourOfWeek: [Int]

        private enum CodingKeys: String, CodingKey {
            case policy, claims, hits, builds
            case hitRatio = "hit_ratio"
            case idleMean = "idle_mean"
            case idleHours = "idle_hours"
            case wastedBuilds = "wasted_builds"
            case changesPerDay = "changes_per_day"
            case turnsPerDay = "turns_per_day"
            case missesByHourOfWeek = "misses_by_hour_of_week"
        }

        package init(_ policy: String, _ result: SimulationResult) {
            self.policy = policy
            claims = result.claims
            hits = result.hits
            hitRatio = result.hitRatio
            idleMean = result.idleMean
            idleHours = result.idleSeconds / 3_600
            builds = result.builds
            wastedBuilds = result.wastedBuilds
            changesPerDay = result.changesPerDay
            turnsPerDay = result.turnsPerDay
            missesByHourOfWeek = result.missesByHourOfWeek
        }
    }

    /// What a goal costs.
    package struct Price: Hashable, Sendable, Codable {
        package let goal: Double
        package let hitRatio: Double
        package let idleMean: Double

        private enum CodingKeys: String, CodingKey {
            case goal
            case hitRatio = "hit_ratio"
            case idleMean = "idle_mean"
        }

        package init(goal: Double, _ result: SimulationResult) {
            self.goal = goal
            hitRatio = result.hitRatio
            idleMean = result.idleMean
        }
    }
}
