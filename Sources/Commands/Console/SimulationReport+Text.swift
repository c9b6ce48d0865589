// SPDX-License-Identifier: Apache-2.0

import Prebuilds

extension SimulationReport {
    /// For people: the policies, the least fixed pool, the goals and their prices, and when most claims missed.
    var text: String {
        let policies = Table(
            self.policies,
            empty: "",
            [
                .init("policy") { $0.policy },
                .init("claims") { "\($0.claims)" },
                .init("hits") { Figures.percent($0.hitRatio) },
                .init("idle") { Figures.number($0.idleMean) },
                .init("idle hours") { Figures.number($0.idleHours) },
                .init("builds") { "\($0.builds)" },
                .init("wasted") { "\($0.wastedBuilds)" },
                .init("changes/day") { Figures.number($0.changesPerDay) },
                .init("turns/day") { Figures.number($0.turnsPerDay) },
                .init("most misses") { Self.worstHours($0.missesByHourOfWeek) },
            ]
        )
        let prices = Table(
            pareto,
            empty: "",
            [
                .init("goal") { Figures.percent($0.goal) },
                .init("hits") { Figures.percent($0.hitRatio) },
                .init("idle") { Figures.number($0.idleMean) },
            ]
        )
        let fixed =
            leastFixed.map {
                "The least fixed pool for the goal has \($0.instances): "
                    + "\(Figures.percent($0.hitRatio)) hits, \(Figures.number($0.idleMean)) idle."
            } ?? "No fixed pool of up to \(LeastFixed.limit) reaches the goal."
        return "\(policies.text)\n\n\(fixed)\n\nWhat each goal costs a pool that sizes itself:\n\n\(prices.text)"
    }

    private static let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

    /// The three hours of the week with most misses.
    private static func worstHours(_ misses: [Int]) -> String {
        misses.enumerated().filter { $0.element > 0 }
            .sorted { ($1.element, $0.offset) < ($0.element, $1.offset) }.prefix(3)
            .map { "\(days[$0.offset / 24 % 7]) \($0.offset % 24):00 \($0.element)" }.joined(separator: ", ")
    }
}
