// SPDX-License-Identifier: Apache-2.0

package import Time

/// A pool's size as an operator has set it, without a new version; what is `nil` stays as the template says.
package struct PoolOverride: Hashable, Sendable, Codable {
    /// Always so many, whatever schedule and autoscaling say.
    package var instances: Int?
    package var mode: AutoscaleSettings.Mode?
    package var goal: Double?
    package var min: Int?
    package var max: Int?
    /// When it ends; `nil`: when somebody resets it.
    package var until: Instant?
    package var reason: String
    package var setBy: String
    package var setAt: Instant

    private enum CodingKeys: String, CodingKey {
        case instances, mode, goal, min, max, until, reason
        case setBy = "set_by"
        case setAt = "set_at"
    }

    package init(
        instances: Int? = nil,
        mode: AutoscaleSettings.Mode? = nil,
        goal: Double? = nil,
        min: Int? = nil,
        max: Int? = nil,
        until: Instant? = nil,
        reason: String = "",
        setBy: String,
        setAt: Instant
    ) {
        self.instances = instances
        self.mode = mode
        self.goal = goal
        self.min = min
        self.max = max
        self.until = until
        self.reason = reason
        self.setBy = setBy
        self.setAt = setAt
    }

    /// The template's settings with those of the override. A bound that the other one contradicts gives way to the
    /// override's.
    package func applied(to settings: AutoscaleSettings) -> AutoscaleSettings {
        let least = min ?? Swift.min(settings.min, max ?? settings.min)
        return AutoscaleSettings(
            mode: mode ?? settings.mode,
            goal: goal ?? settings.goal,
            min: least,
            max: max ?? Swift.max(settings.max, least)
        )
    }
}
