// SPDX-License-Identifier: Apache-2.0

package import Time

/// What is to be simulated: demand, build times and a pool's settings.
package struct SimulationOrder: Sendable {
    /// The goals of the Pareto line.
    static let goals = [0.8, 0.9, 0.95, 0.98, 0.99]

    package var trace: Trace
    /// The part at the beginning that is not counted.
    package var warmUp: Duration
    package var goal: Double
    package var buildTimes: BuildTimes
    package var seed: UInt64
    /// For ``SimulatedPolicy/automatic``; the goal is ``goal``.
    package var settings: AutoscaleSettings
    /// The preset's; `nil`: there is no preset.
    package var schedule: PoolSchedule?
    package var zone: TimeZoneRules

    package init(
        trace: Trace,
        warmUp: Duration,
        goal: Double,
        buildTimes: BuildTimes,
        seed: UInt64,
        settings: AutoscaleSettings,
        schedule: PoolSchedule?,
        zone: TimeZoneRules
    ) {
        self.trace = trace
        self.warmUp = warmUp
        self.goal = goal
        self.buildTimes = buildTimes
        self.seed = seed
        self.settings = settings
        self.schedule = schedule
        self.zone = zone
    }

    /// - Parameter goals: Those of the Pareto line; `nil`: the usual ones and ``goal``.
    /// - Parameter changed: Called with each change of the first policy's size.
    package func report(
        _ policies: [SimulatedPolicy],
        arrivals: [Instant],
        goals: [Double]? = nil,
        changed: (Instant, Int) -> Void
    ) -> SimulationReport {
        let simulation = PoolSimulation(
            arrivals: arrivals,
            from: trace.start,
            to: trace.end,
            scoredFrom: trace.start + warmUp,
            buildTimes: buildTimes,
            seed: seed
        )
        let results = policies.enumerated().map { index, policy in
            SimulationReport.Policy(
                "\(policy)",
                run(policy, simulation, arrivals) { if index == 0 { changed($0, $1) } }
            )
        }
        let pareto = (goals ?? Set(Self.goals + [goal]).sorted()).map { goal in
            SimulationReport.Price(goal: goal, simulation.run(automatic(goal: goal), zone: zone))
        }
        return SimulationReport(
            policies: results,
            leastFixed: LeastFixed(simulation, goal: goal),
            pareto: pareto
        )
    }

    private func run(
        _ policy: SimulatedPolicy,
        _ simulation: PoolSimulation,
        _ arrivals: [Instant],
        _ changed: (Instant, Int) -> Void
    ) -> SimulationResult {
        switch policy {
        case .now where settings.mode != .apply:
            simulation.run(scheduled(arrivals), zone: zone, changed: changed)
        case .now, .automatic:
            simulation.run(automatic(goal: goal), zone: zone, changed: changed)
        case .fixed(let size):
            simulation.run(FixedSize(size), zone: zone, changed: changed)
        case .schedule:
            simulation.run(scheduled(arrivals), zone: zone, changed: changed)
        case .knownRate:
            simulation.run(
                KnownRateSize(trace: trace, goal: goal, buildTimes: buildTimes),
                zone: zone,
                changed: changed
            )
        }
    }

    private func automatic(goal: Double) -> AutomaticSize {
        var settings = settings
        settings.goal = goal
        return AutomaticSize(PoolSizing(settings, zone: zone), schedule: schedule)
    }

    private func scheduled(_ arrivals: [Instant]) -> any SizingPolicy {
        guard let schedule else {
            return HourlySize(
                arrivals: arrivals,
                from: trace.start,
                to: trace.end,
                zone: zone,
                goal: goal,
                buildTimes: buildTimes
            )
        }
        return ScheduledSize(schedule)
    }
}
