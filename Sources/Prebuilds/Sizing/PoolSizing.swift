// SPDX-License-Identifier: Apache-2.0

package import Time

/// The claims of late, counted over the windows that ``PoolSizing`` asks for.
package struct RecentClaims: Hashable, Sendable {
    /// Within ``PoolSizing/levelWindow``.
    package var level: Int
    /// Within ``PoolSizing/burstWindow(leadTime:)``.
    package var burst: Int
    /// Claims that wait for a prebuild now.
    package var waiting: Int

    package init(level: Int, burst: Int, waiting: Int = 0) {
        self.level = level
        self.burst = burst
        self.waiting = waiting
    }
}

/// Chooses a pool's size: a pure function of what the pool has learned, the claims of late and the moment.
package struct PoolSizing: Hashable, Sendable {
    /// The time over which recent claims are compared with the season.
    package static let levelWindow: Duration = .seconds(90 * 60)
    /// How many claims the comparison begins with, so that a few say little.
    static let levelPrior = 4.0
    static let levels = 0.2...5.0
    /// A size is kept while its misses are within the planned ones divided and multiplied by this. The calibration makes
    /// good for it; without it, a smooth day changes direction four times as often.
    static let band = 2.0

    package let settings: AutoscaleSettings
    package let zone: TimeZoneRules

    package init(_ settings: AutoscaleSettings, zone: TimeZoneRules) {
        self.settings = settings
        self.zone = zone
    }

    /// The time over which claims are looked at for a burst.
    package static func burstWindow(leadTime: Duration) -> Duration {
        max(leadTime * 2, .seconds(600))
    }

    /// The size at `now`; `state` is advanced to it.
    ///
    /// - Parameter schedule: The schedule's count, a floor.
    package func target(
        _ state: inout SizingState,
        recent: RecentClaims,
        schedule: Int,
        at now: Instant
    ) -> PoolTarget {
        state.advance(to: now, in: zone)
        let season = state.season
        let lead = max(state.leadTime, .seconds(1))
        let seconds = lead.inSeconds
        let misses = 1 - state.calibration.hits

        let known = season.expected(from: now - Self.levelWindow, to: now, in: zone)
        let ratio = (Double(recent.level) + Self.levelPrior) / (known + Self.levelPrior)
        let level = min(max(ratio, Self.levels.lowerBound), Self.levels.upperBound)
        let expected = max(
            season.expected(from: now, to: now + lead, in: zone),
            season.expected(from: now + lead, to: now + lead * 2, in: zone)
        )
        let load = expected * level

        let window = Self.burstWindow(leadTime: lead)
        let usual = season.expected(from: now - window, to: now, in: zone)
        let isBurst = Double(recent.burst) > 2 * usual + 3
        let burstLoad = isBurst ? Double(recent.burst) * seconds / window.inSeconds : 0

        let size = { load, misses in
            ErlangB.servers(load: load, misses: misses, limit: settings.max)
        }
        let peak = max(load, burstLoad)
        let (least, most) = (size(peak, misses * Self.band), size(peak, misses / Self.band))
        let held = state.hold.hold(min(max(state.hold.size ?? size(peak, misses), least), most), at: now)
        let wanted = max(held + recent.waiting, schedule, settings.min)
        state.isFloored = schedule > max(held, settings.min)
        state.isCapped = held >= settings.max
        return PoolTarget(
            size: min(wanted, max(settings.max, settings.min)),
            floor: max(schedule, settings.min),
            season: size(load, misses),
            burst: size(burstLoad, misses),
            held: held,
            waiting: recent.waiting,
            max: settings.max,
            level: level,
            load: max(load, burstLoad),
            hits: state.calibration.hits,
            leadTime: seconds
        )
    }
}
