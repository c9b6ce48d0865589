// SPDX-License-Identifier: Apache-2.0

package import Time

/// What a plan needs to choose a pool's size, beside the preset itself.
package struct SizingInput: Hashable, Sendable {
    package let pool: PoolKey
    /// Of the template.
    package let template: AutoscaleSettings
    /// In force now.
    package let override: PoolOverride?
    /// `nil` while nothing is learned, because the mode is ``AutoscaleSettings/Mode/off``.
    package var learning: Learning?

    package init(
        pool: PoolKey,
        template: AutoscaleSettings,
        override: PoolOverride? = nil,
        learning: Learning? = nil
    ) {
        self.pool = pool
        self.template = template
        self.override = override
        self.learning = learning
    }

    /// The settings in force.
    package var settings: AutoscaleSettings { override?.applied(to: template) ?? template }

    /// What a pool has learned, and what it has not learned yet.
    package struct Learning: Hashable, Sendable {
        /// As it was stored; `nil`: the pool begins to learn.
        package var state: SizingState?
        /// Claims of the past, for a pool that begins; `nil`: they were not read yet, and the pool does not begin.
        package var history: [SlotClaims]?
        /// New claims, in the order of time.
        package var claims: [SeenClaim]
        package var recent: RecentClaims
        /// The new claims are those up to this moment.
        package var until: Instant
        /// When the lead time was measured, if it was.
        package var measuredAt: Instant?
        /// Measured anew; `nil`: what the state says is good.
        package var leadTime: Duration?
        package var fallback: SizingFallback?

        package init(
            state: SizingState?,
            history: [SlotClaims]? = nil,
            claims: [SeenClaim] = [],
            recent: RecentClaims = RecentClaims(level: 0, burst: 0),
            until: Instant,
            measuredAt: Instant? = nil,
            leadTime: Duration? = nil,
            fallback: SizingFallback? = nil
        ) {
            self.state = state
            self.history = history
            self.claims = claims
            self.recent = recent
            self.until = until
            self.measuredAt = measuredAt
            self.leadTime = leadTime
            self.fallback = fallback
        }
    }
}

/// A claim, as a pool learns from it.
package struct SeenClaim: Hashable, Sendable {
    package let at: Instant
    /// Whether it got a ready prebuild at once; `nil`: it says nothing of the size.
    package let hit: Bool?

    package init(at: Instant, hit: Bool?) {
        self.at = at
        self.hit = hit
    }
}

/// How many claims came in a quarter of an hour.
package struct SlotClaims: Hashable, Sendable {
    package let slot: WeekSlot
    package let claims: Int

    package init(slot: WeekSlot, claims: Int) {
        self.slot = slot
        self.claims = claims
    }
}

/// The schedule decides for a while, because a replay of the last week showed that it does better.
package struct SizingFallback: Hashable, Sendable, Codable {
    package let until: Instant
    /// What the replay showed.
    package let message: String

    package init(until: Instant, message: String) {
        self.until = until
        self.message = message
    }
}

/// What a pool has learned by a plan, to be stored with it.
package struct LearnedSizing: Hashable, Sendable {
    package let pool: PoolKey
    package let before: SizingState?
    package let after: SizingState
    package let until: Instant
    package let measuredAt: Instant?

    /// Whether the weekly pattern is another one.
    package var isSeasonNew: Bool { before.map { $0.season != after.season } ?? true }

    package init(pool: PoolKey, before: SizingState?, after: SizingState, until: Instant, measuredAt: Instant?) {
        self.pool = pool
        self.before = before
        self.after = after
        self.until = until
        self.measuredAt = measuredAt
    }
}
