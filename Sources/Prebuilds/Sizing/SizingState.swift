// SPDX-License-Identifier: Apache-2.0

package import Time

/// What a pool has learned from its claims: the weekly pattern, the calibration, the lead time and recent sizes.
package struct SizingState: Hashable, Sendable {
    /// The time between an order and its prebuild when no build is known.
    package static let defaultLeadTime: Duration = .seconds(300)
    /// A longer time without a look at the pool is taken for this long: what came before would count for nothing.
    static let longestGap: Int64 = 8 * Int64(WeekSlot.perWeek)

    package var season: Season
    package var calibration: Calibration
    /// p90 of the time from order to ready of the last 50 prebuilds.
    package var leadTime: Duration
    package var hold: TargetHold
    /// The quarter of an hour whose claims are being counted; `nil`: none was seen yet.
    package private(set) var open: WeekSlot?
    /// The claims in it so far.
    package private(set) var openClaims: Int
    /// Whether the last size was the schedule's, so that hits say nothing of the pool's own choice.
    package var isFloored: Bool
    /// Whether the last size was the maximum, so that misses could not be helped.
    package var isCapped: Bool

    package init(
        season: Season = Season(),
        calibration: Calibration,
        leadTime: Duration = defaultLeadTime,
        hold: TargetHold = TargetHold(),
        open: WeekSlot? = nil,
        openClaims: Int = 0,
        isFloored: Bool = false,
        isCapped: Bool = false
    ) {
        self.season = season
        self.calibration = calibration
        self.leadTime = leadTime
        self.hold = hold
        self.open = open
        self.openClaims = openClaims
        self.isFloored = isFloored
        self.isCapped = isCapped
    }

    /// Begins with the claims of the past: those in slots that have ended, in order.
    package init(history: [SlotClaims], goal: Double, until now: Instant, in zone: TimeZoneRules) {
        self.init(calibration: Calibration(goal: goal))
        for entry in history where entry.slot.start <= now {
            advance(to: entry.slot.start, in: zone)
            openClaims += entry.claims
        }
    }

    /// Adds the bins of the week that have ended by `now`.
    package mutating func advance(to now: Instant, in zone: TimeZoneRules) {
        let current = WeekSlot(at: now)
        guard var slot = open else {
            open = current
            return
        }
        guard slot.number < current.number else { return }
        if current.number - slot.number > Self.longestGap {
            slot = WeekSlot(number: current.number - Self.longestGap)
            openClaims = 0
        }
        while slot.number < current.number {
            season.close(bin: slot.bin(in: zone), claims: openClaims)
            openClaims = 0
            slot = WeekSlot(number: slot.number + 1)
        }
        open = slot
    }

    /// Adds a claim, in the order of time.
    ///
    /// - Parameter hit: Whether the size sufficed for it; `nil`: it says nothing of that.
    package mutating func learn(claimAt instant: Instant, hit: Bool?, goal: Double, in zone: TimeZoneRules) {
        advance(to: instant, in: zone)
        openClaims += 1
        guard let hit, hit ? !isFloored : !isCapped else { return }
        calibration.learn(hit: hit, goal: goal)
    }
}
