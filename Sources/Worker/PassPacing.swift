// SPDX-License-Identifier: Apache-2.0

import Prebuilds
import Time

/// Decides when the next pass is made, and whether it is for all pools or only for those that have changed.
///
/// A pass for all pools is made every interval and at the edges of schedules and lives, whatever else happens: it finds what no
/// notification told of. In between, notifications lead to passes for the pools that they name. While a limit that pools
/// share withholds prebuilds, what one pool gives up is for another: then each pass is for all.
struct PassPacing<C: Clock> where C.Duration == Duration {
    private let interval: Duration
    /// When a pass for all pools is made without any notification.
    private(set) var dueAt: C.Instant
    /// From when on any notification leads to a pass for all pools, because other workers' passes have left no time for it.
    private var overdueAt: C.Instant
    private var isLimited = false
    private var lastEnd: C.Instant

    /// Notifications that come this soon after a pass share the next one, when that is for all pools.
    static var pauseForAll: Duration { .milliseconds(50) }
    /// The same for a pass for some pools.
    static var pauseForSome: Duration { .milliseconds(5) }
    /// The first pass is for all pools.
    init(interval: Duration, now: C.Instant) {
        self.interval = interval
        (dueAt, overdueAt, lastEnd) = (now, now, now)
    }

    /// What the next pass is for.
    func scope(of changed: ChangedPools.Scope, now: C.Instant) -> ChangedPools.Scope {
        isLimited || now >= dueAt || now >= overdueAt ? .all : changed
    }

    /// The earliest moment for a pass of the scope.
    func start(_ scope: ChangedPools.Scope) -> C.Instant {
        lastEnd.advanced(by: scope == .all ? Self.pauseForAll : Self.pauseForSome)
    }

    /// A pass of this worker has ended.
    mutating func end(_ plan: Plan, now: C.Instant) {
        lastEnd = now
        let expiry = plan.nextExpiry.map { max($0 - plan.now, .zero) + .milliseconds(1) }
        guard plan.isWhole else {
            if let expiry { dueAt = min(dueAt, now.advanced(by: expiry)) }
            // A pass for all pools decides about what is left, at once.
            if !plan.undecided.isEmpty { (dueAt, isLimited) = (now, true) }
            return
        }
        isLimited = plan.isLimited
        let pause = interval * Double.random(in: 0.9...1.1)
        let edge = plan.nextScheduleEdge.map { max($0 - plan.now, .zero) + .milliseconds(1) }
        dueAt = now.advanced(by: min(pause, edge ?? pause, expiry ?? pause))
        overdueAt = now.advanced(by: interval * 2)
    }

    /// A pass of the scope was not made, because another worker makes one, or because it failed. Whoever makes passes hears
    /// the same notifications, so only a pass for all pools is tried again.
    mutating func miss(_ scope: ChangedPools.Scope, hasFailed: Bool, now: C.Instant) {
        lastEnd = now
        if scope == .all, isLimited, !hasFailed {
            dueAt = now.advanced(by: interval / 10 * Double.random(in: 0.9...1.1))
        } else if hasFailed || now >= dueAt {
            dueAt = now.advanced(by: interval / 4 * Double.random(in: 0.9...1.1))
        }
    }

    /// While this worker makes no passes. The first one after that is for all pools.
    mutating func rest(now: C.Instant) {
        dueAt = now
    }
}
