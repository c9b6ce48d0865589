// SPDX-License-Identifier: Apache-2.0

package import Time

/// The size that the pool chooses itself, by the same function as in a pass.
package struct AutomaticSize: SizingPolicy {
    /// How often a pass looks at a pool to which nothing happens.
    static let interval: Duration = .seconds(60)
    /// The builds of which the lead time is a percentile.
    static let builds = 50

    private let sizing: PoolSizing
    private let schedule: PoolSchedule?
    private var state: SizingState
    private var recent = RecentArrivals()
    private var buildTimes: [Duration] = []

    package init(_ sizing: PoolSizing, schedule: PoolSchedule?) {
        self.sizing = sizing
        self.schedule = schedule
        state = SizingState(calibration: Calibration(goal: sizing.settings.goal))
    }

    package mutating func desired(at now: Instant) -> Int {
        let claims = RecentClaims(
            level: recent.count(since: now - PoolSizing.levelWindow),
            burst: recent.count(since: now - PoolSizing.burstWindow(leadTime: state.leadTime))
        )
        recent.forget(before: now - max(PoolSizing.levelWindow, PoolSizing.burstWindow(leadTime: state.leadTime)))
        return sizing.target(
            &state,
            recent: claims,
            schedule: schedule.map { max($0.desired(at: now), 0) } ?? 0,
            at: now
        ).size
    }

    package mutating func observe(claimAt instant: Instant, hit: Bool) {
        recent.append(instant)
        state.learn(claimAt: instant, hit: hit, goal: sizing.settings.goal, in: sizing.zone)
    }

    package mutating func observe(buildTime: Duration) {
        buildTimes.append(buildTime)
        if buildTimes.count > Self.builds { buildTimes.removeFirst() }
        state.leadTime = LeadTime.of(buildTimes) ?? SizingState.defaultLeadTime
    }

    package func nextLook(after now: Instant) -> Instant? { now + Self.interval }
}

/// Arrivals in order, counted from a moment on.
private struct RecentArrivals {
    private var instants: [Instant] = []
    private var first = 0

    mutating func append(_ instant: Instant) { instants.append(instant) }

    func count(since start: Instant) -> Int {
        var low = first
        var high = instants.count
        while low < high {
            let middle = (low + high) / 2
            if instants[middle] <= start { low = middle + 1 } else { high = middle }
        }
        return instants.count - low
    }

    mutating func forget(before start: Instant) {
        while first < instants.count, instants[first] <= start { first += 1 }
        guard first > 4_096 else { return }
        instants.removeFirst(first)
        first = 0
    }
}
