// SPDX-License-Identifier: Apache-2.0

/// The runaway brake: a preset stops when it has ordered many prebuilds within an hour and not one became ready,
/// whatever the reason.
///
/// The hard limit counts failed builds. The brake counts orders, also those whose jobs were canceled, waited too long,
/// lost their worker, or were never seen again.
package struct RunawayBrake: Hashable, Sendable {
    /// The time span in which orders are counted.
    package static let window = Duration.seconds(3_600)
    /// A preset may order this many times its desired count, but at least ``leastOrders``.
    package static let ordersPerInstance = 10
    package static let leastOrders = 10

    /// How many were ordered.
    package let orders: Int
    /// How many more may be ordered; at least 0.
    package let allowed: Int

    /// `nil` while no order came to nothing.
    ///
    /// - Parameter desired: The desired count, and the claims that wait.
    package init?(of preset: PresetSnapshot, desired: Int) {
        guard preset.ordersInVain > 0 else { return nil }
        orders = preset.ordersInVain
        // A schedule may have asked for more shortly before.
        let (limit, overflows) = max(desired, preset.desiredInstances)
            .multipliedReportingOverflow(by: Self.ordersPerInstance)
        allowed = overflows ? .max : max(max(limit, Self.leastOrders) - orders, 0)
    }
}
