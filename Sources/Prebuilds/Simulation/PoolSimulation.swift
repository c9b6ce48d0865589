// SPDX-License-Identifier: Apache-2.0

package import Time

/// Serves arrivals from a pool as a pass would keep it: missing prebuilds are ordered, those above the size are
/// removed, and a claim that finds none is lost to the pool.
package struct PoolSimulation: Sendable {
    /// In order.
    private let arrivals: [Instant]
    private let start: Instant
    private let end: Instant
    /// Only what comes at or after it is counted.
    private let scoredFrom: Instant
    private let buildTimes: BuildTimes
    private let seed: UInt64

    package init(
        arrivals: [Instant],
        from start: Instant,
        to end: Instant,
        scoredFrom: Instant,
        buildTimes: BuildTimes,
        seed: UInt64
    ) {
        self.arrivals = arrivals
        self.start = start
        self.end = end
        self.scoredFrom = max(scoredFrom, start)
        self.buildTimes = buildTimes
        self.seed = seed
    }

    /// - Parameter changed: Called with each new size and its moment, warm-up included.
    package func run(
        _ policy: some SizingPolicy,
        zone: TimeZoneRules = .utc,
        changed: (Instant, Int) -> Void = { _, _ in }
    ) -> SimulationResult {
        var run = Run(policy, generator: SplitMix(seed: seed ^ 0x5354_4f4b_4552), buildTimes, scoredFrom, zone, start)
        // A pool that is begun is filled before the first claim.
        run.look(at: start, changed)
        run.completeAll()
        var next = 0
        while true {
            var moment = end
            if next < arrivals.count { moment = min(moment, arrivals[next]) }
            if let ready = run.nextReady { moment = min(moment, ready) }
            if let look = run.nextLook { moment = min(moment, look) }
            guard moment < end else { break }
            run.pass(to: moment)
            if moment == run.nextReady {
                run.complete()
            } else if next < arrivals.count, moment == arrivals[next] {
                next += 1
                run.claim(at: moment, changed)
            } else {
                run.look(at: moment, changed)
            }
        }
        run.pass(to: end)
        return run.result(to: end)
    }
}

/// One policy on its way through time.
private struct Run<Policy: SizingPolicy> {
    private var policy: Policy
    private var generator: SplitMix
    private let buildTimes: BuildTimes
    private let scoredFrom: Instant
    private let zone: TimeZoneRules

    private var now: Instant
    private var desired = 0
    private var ready = 0
    /// The ends of the builds under way and how long they take, the next one last.
    private var builds: [(end: Instant, time: Duration)] = []
    private(set) var nextLook: Instant?
    private var score = SimulationResult()
    private var lastChange = 0

    init(
        _ policy: Policy,
        generator: SplitMix,
        _ buildTimes: BuildTimes,
        _ scoredFrom: Instant,
        _ zone: TimeZoneRules,
        _ start: Instant
    ) {
        self.policy = policy
        self.generator = generator
        self.buildTimes = buildTimes
        self.scoredFrom = scoredFrom
        self.zone = zone
        now = start
    }

    var nextReady: Instant? { builds.last?.end }
    private var isScored: Bool { now >= scoredFrom }

    mutating func pass(to moment: Instant) {
        if moment > scoredFrom {
            score.idleSeconds += Double(ready) * (moment - max(now, scoredFrom)).inSeconds
        }
        now = moment
    }

    mutating func look(at moment: Instant, _ changed: (Instant, Int) -> Void) {
        let size = policy.desired(at: moment)
        if size != desired {
            if isScored {
                score.changes += 1
                let direction = (size - desired).signum()
                if lastChange != 0, direction != lastChange { score.turns += 1 }
                lastChange = direction
            }
            desired = size
            changed(moment, size)
        }
        nextLook = policy.nextLook(after: moment)
        order()
    }

    mutating func claim(at moment: Instant, _ changed: (Instant, Int) -> Void) {
        let hit = ready > 0
        if hit { ready -= 1 }
        if isScored {
            score.claims += 1
            if hit { score.hits += 1 } else { score.missesByHourOfWeek[WeekSlot(at: moment).bin(in: zone) / 4] += 1 }
        }
        policy.observe(claimAt: moment, hit: hit)
        look(at: moment, changed)
    }

    mutating func complete() {
        guard let build = builds.popLast() else { return }
        ready += 1
        policy.observe(buildTime: build.time)
        order()
    }

    mutating func completeAll() {
        while !builds.isEmpty { complete() }
    }

    /// What a plan does about the counts: see ``PoolState``.
    private mutating func order() {
        let state = PoolState(actual: ready, desired: desired, starting: builds.count)
        if ready > desired {
            if isScored { score.wastedBuilds += ready - desired }
            ready = desired
        }
        for _ in 0..<state.missing {
            let time = buildTimes.draw(&generator)
            if isScored { score.builds += 1 }
            let end = now + time
            let place = builds.lastIndex { $0.end >= end }.map { $0 + 1 } ?? 0
            builds.insert((end, time), at: place)
        }
    }

    func result(to end: Instant) -> SimulationResult {
        var result = score
        result.seconds = max((end - scoredFrom).inSeconds, 0)
        return result
    }
}
