// SPDX-License-Identifier: Apache-2.0

/// So many prebuilds ordered within an hour, and not one that became ready, that a preset stops: whatever the reason is, more
/// orders only make more of what nobody can use.
///
/// A hard limit counts builds that failed. This counts orders, also those whose jobs were canceled, waited too long, lost
/// their worker, or were never seen again.
package struct RunawayBrake: Hashable, Sendable {
    /// Orders are counted for so long.
    package static let window = Duration.seconds(3_600)
    /// A preset may order so many times what it desires, and never fewer than ``leastOrders``.
    package static let ordersPerInstance = 10
    package static let leastOrders = 10

    /// How many were ordered.
    package let orders: Int
    /// How many more may be ordered; at least 0.
    package let allowed: Int

    /// `nil` while nothing was ordered in vain.
    ///
    /// - Parameter desired: How many prebuilds there should be now.
    package init?(of preset: PresetSnapshot, desired: Int) {
        guard preset.ordersInVain > 0 else { return nil }
        orders = preset.ordersInVain
        // A schedule may have asked for more a moment ago.
        let (limit, overflows) = max(desired, preset.desiredInstances)
            .multipliedReportingOverflow(by: Self.ordersPerInstance)
        allowed = overflows ? .max : max(max(limit, Self.leastOrders) - orders, 0)
    }
}
