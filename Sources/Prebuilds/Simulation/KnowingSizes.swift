// SPDX-License-Identifier: Apache-2.0

package import Time

/// The schedule that somebody would have written who had known the mean of each hour of the week.
package struct HourlySize: SizingPolicy {
    /// By hour of the week.
    private let sizes: [Int]
    private let zone: TimeZoneRules

    package init(
        arrivals: [Instant],
        from start: Instant,
        to end: Instant,
        zone: TimeZoneRules,
        goal: Double,
        buildTimes: BuildTimes
    ) {
        let hour: Int64 = 3_600
        var claims = Array(repeating: 0, count: SimulationResult.hoursPerWeek)
        for arrival in arrivals { claims[WeekSlot(at: arrival).bin(in: zone) / 4] += 1 }
        let weeks = max((end - start).inSeconds / Double(hour * Int64(SimulationResult.hoursPerWeek)), 1)
        sizes = claims.map { count in
            let load = Double(count) / weeks / Double(hour) * buildTimes.mean
            return ErlangB.servers(load: load, misses: 1 - goal, limit: LeastFixed.limit)
        }
        self.zone = zone
    }

    package func desired(at now: Instant) -> Int { sizes[WeekSlot(at: now).bin(in: zone) / 4] }

    package func nextLook(after now: Instant) -> Instant? { WeekSlot(at: now).end }
}

/// The size for the true rate, that of the next build time or of the one after it: nobody knows it outside of a
/// simulation.
package struct KnownRateSize: SizingPolicy {
    private static let samples = 20

    private let trace: Trace
    private let goal: Double
    private let lead: Double

    /// - Parameter trace: With counts.
    package init(trace: Trace, goal: Double, buildTimes: BuildTimes) {
        self.trace = trace
        self.goal = goal
        lead = buildTimes.mean
    }

    package func desired(at now: Instant) -> Int {
        let load = lead * max(rate(from: now, 0), rate(from: now, lead))
        return ErlangB.servers(load: load, misses: 1 - goal, limit: LeastFixed.limit)
    }

    package func nextLook(after now: Instant) -> Instant? { now + AutomaticSize.interval }

    private func rate(from now: Instant, _ offset: Double) -> Double {
        let sum = (0..<Self.samples).reduce(0.0) { sum, sample in
            let seconds = offset + lead * (Double(sample) + 0.5) / Double(Self.samples)
            return sum + trace.rate(at: now + .milliseconds(Int64(seconds * 1_000)))
        }
        return sum / Double(Self.samples)
    }
}
