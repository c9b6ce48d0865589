// SPDX-License-Identifier: Apache-2.0

package import Time

/// Chooses a pool's size in a simulation.
package protocol SizingPolicy {
    /// The size at `now`, which never decreases from call to call.
    mutating func desired(at now: Instant) -> Int
    /// A claim, after it was served or missed.
    mutating func observe(claimAt instant: Instant, hit: Bool)
    /// The time that a build took.
    mutating func observe(buildTime: Duration)
    /// When to ask again though nothing happens; `nil`: never.
    func nextLook(after now: Instant) -> Instant?
}

extension SizingPolicy {
    package mutating func observe(claimAt instant: Instant, hit: Bool) {}
    package mutating func observe(buildTime: Duration) {}
    package func nextLook(after now: Instant) -> Instant? { nil }
}

/// Always the same size.
package struct FixedSize: SizingPolicy {
    package let size: Int

    package init(_ size: Int) {
        self.size = size
    }

    package func desired(at now: Instant) -> Int { size }
}

/// The size that a preset's schedule asks for.
package struct ScheduledSize: SizingPolicy {
    private let schedule: PoolSchedule

    package init(_ schedule: PoolSchedule) {
        self.schedule = schedule
    }

    package func desired(at now: Instant) -> Int { max(schedule.desired(at: now), 0) }

    package func nextLook(after now: Instant) -> Instant? {
        schedule.nextEdge(after: now, before: now + .seconds(7 * 86_400))
    }
}
