// SPDX-License-Identifier: Apache-2.0

/// What a policy did in a simulation, after the warm-up.
package struct SimulationResult: Hashable, Sendable {
    package static let hoursPerWeek = 168

    package var claims = 0
    package var hits = 0
    /// The sum over all ready prebuilds of the time that they waited, in seconds.
    package var idleSeconds = 0.0
    /// Prebuilds ordered.
    package var builds = 0
    /// Ready prebuilds that were removed unclaimed.
    package var wastedBuilds = 0
    /// Changes of the size.
    package var changes = 0
    /// Changes of the size in the other direction than the one before.
    package var turns = 0
    /// From Monday 00:00 in the schedule's zone.
    package var missesByHourOfWeek = Array(repeating: 0, count: hoursPerWeek)
    /// The time that was counted.
    package var seconds = 0.0

    /// 1 when there was no claim.
    package var hitRatio: Double { claims > 0 ? Double(hits) / Double(claims) : 1 }
    /// The mean number of ready prebuilds.
    package var idleMean: Double { seconds > 0 ? idleSeconds / seconds : 0 }
    package var changesPerDay: Double { seconds > 0 ? Double(changes) * 86_400 / seconds : 0 }
    package var turnsPerDay: Double { seconds > 0 ? Double(turns) * 86_400 / seconds : 0 }
}
