// SPDX-License-Identifier: Apache-2.0

package import Time

/// The last week of a pool, served once as the pool would have sized itself and once by its schedule.
package struct SizingReplay: Hashable, Sendable, Codable {
    /// What came of one of the two.
    package struct Outcome: Hashable, Sendable, Codable {
        package let hitRatio: Double
        package let idleMean: Double

        private enum CodingKeys: String, CodingKey {
            case hitRatio = "hit_ratio"
            case idleMean = "idle_mean"
        }

        package init(hitRatio: Double, idleMean: Double) {
            self.hitRatio = hitRatio
            self.idleMean = idleMean
        }
    }

    /// The time that is compared, and the time before it from which the pool learns.
    package static let week: Duration = .seconds(7 * 86_400)
    package static let learned: Duration = .seconds(28 * 86_400)
    /// Fewer claims say nothing.
    static let leastClaims = 20
    /// By how many hits the pool may lose.
    static let margin = 0.02
    /// When replays are made, in seconds after midnight on the clocks of the schedule's zone.
    private static let hour: Int64 = 3 * 3_600

    package let claims: Int
    package let auto: Outcome
    package let schedule: Outcome

    package init(claims: Int, auto: Outcome, schedule: Outcome) {
        self.claims = claims
        self.auto = auto
        self.schedule = schedule
    }

    /// `nil` when there were too few claims in the week.
    ///
    /// - Parameter claims: Up to `now`, in order.
    package init?(
        claims: [Instant],
        until now: Instant,
        schedule: PoolSchedule,
        settings: AutoscaleSettings,
        buildTimes: BuildTimes,
        zone: TimeZoneRules
    ) {
        let scoredFrom = now - Self.week
        guard claims.count(where: { $0 >= scoredFrom }) >= Self.leastClaims, let first = claims.first else {
            return nil
        }
        let simulation = PoolSimulation(
            arrivals: claims,
            from: min(max(first, now - Self.week - Self.learned), scoredFrom),
            to: now,
            scoredFrom: scoredFrom,
            buildTimes: buildTimes,
            seed: 1
        )
        let auto = simulation.run(AutomaticSize(PoolSizing(settings, zone: zone), schedule: schedule), zone: zone)
        let scheduled = simulation.run(ScheduledSize(schedule), zone: zone)
        self.init(
            claims: auto.claims,
            auto: Outcome(hitRatio: auto.hitRatio, idleMean: auto.idleMean),
            schedule: Outcome(hitRatio: scheduled.hitRatio, idleMean: scheduled.idleMean)
        )
    }

    /// Whether the schedule does better: more than two points of hits, for no more idle time.
    package var isWorse: Bool {
        auto.hitRatio < schedule.hitRatio - Self.margin && auto.idleMean >= schedule.idleMean
    }

    /// For an operator.
    package var message: String {
        func text(_ outcome: Outcome) -> String {
            let percent = Int((outcome.hitRatio * 1_000).rounded())
            let idle = Int((outcome.idleMean * 10).rounded())
            return "\(percent / 10).\(percent % 10)% hits with \(idle / 10).\(idle % 10) idle"
        }
        return
            "of the last week's \(claims) claims, the pool's own size gave \(text(auto)), the schedule \(text(schedule))"
    }

    /// Whether a pool is to be replayed: once a night.
    package static func isDue(replayedAt: Instant?, now: Instant, in zone: TimeZoneRules) -> Bool {
        guard let replayedAt else { return true }
        let local = now.seconds + Int64(zone.offset(at: now)) - hour
        let night = now.seconds - (local % 86_400 + 86_400) % 86_400
        return replayedAt < Instant(seconds: night)
    }
}
