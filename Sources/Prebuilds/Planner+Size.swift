// SPDX-License-Identifier: Apache-2.0

import Domain
import Time

/// What the pools of a plan learn and choose, beside their presets' plans.
struct PlannedSizes {
    /// What is to be stored.
    var learned: [LearnedSizing] = []
    /// The choices of pools that learn, with all their parts.
    var targets: [PresetID: PoolTarget] = [:]
    /// When the first override ends.
    var nextEnd: Instant?

    /// The size of an active pool; `nil`: the schedule's count, and nothing else to say.
    ///
    /// - Parameter scheduled: What the template says.
    /// - Parameter zone: The schedule's; `nil`: it cannot be read, and nothing is learned.
    mutating func choose(
        for preset: PresetSnapshot,
        scheduled: Int,
        in zone: TimeZoneRules?,
        at now: Instant
    ) -> PlannedSize? {
        guard let input = preset.sizing else { return nil }
        if let until = input.override?.until, now < until { nextEnd = nextEnd.map { min($0, until) } ?? until }
        let autoscale = zone.flatMap { advise(input, preset.pool.presetID, scheduled: scheduled, in: $0, at: now) }
        guard input.override != nil || autoscale != nil else { return nil }
        return PlannedSize(
            desired: input.override?.instances ?? autoscale.flatMap { $0.decides ? $0.target : nil } ?? scheduled,
            scheduled: scheduled,
            override: input.override,
            autoscale: autoscale
        )
    }

    private mutating func advise(
        _ input: SizingInput,
        _ preset: PresetID,
        scheduled: Int,
        in zone: TimeZoneRules,
        at now: Instant
    ) -> PlannedSize.Autoscale? {
        let settings = input.settings
        guard settings.mode != .off, let learning = input.learning else { return nil }
        let fallback = learning.fallback.flatMap { now < $0.until ? $0 : nil }
        let decides = settings.mode == .apply && input.override?.instances == nil && fallback == nil
        var state =
            learning.state ?? SizingState(history: learning.history ?? [], goal: settings.goal, until: now, in: zone)
        if let leadTime = learning.leadTime { state.leadTime = leadTime }
        for claim in learning.claims {
            // While others decide about the size, the hits and misses are theirs.
            state.learn(claimAt: claim.at, hit: decides ? claim.hit : nil, goal: settings.goal, in: zone)
        }
        let target = PoolSizing(settings, zone: zone)
            .target(&state, recent: learning.recent, schedule: scheduled, at: now)
        let isNews = state != learning.state || !learning.claims.isEmpty || learning.leadTime != nil
        if isNews, learning.state != nil || learning.history != nil {
            learned.append(
                LearnedSizing(
                    pool: input.pool,
                    before: learning.state,
                    after: state,
                    until: learning.until,
                    measuredAt: learning.measuredAt
                )
            )
        }
        targets[preset] = target
        return PlannedSize.Autoscale(
            settings: settings,
            target: target.size,
            text: target.text,
            decides: decides,
            fallback: settings.mode == .apply ? fallback : nil
        )
    }
}
