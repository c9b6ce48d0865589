// SPDX-License-Identifier: Apache-2.0

/// `prebuilds.autoscale`: whether a pool sizes itself, and within which bounds.
package struct AutoscaleSettings: Hashable, Sendable, Codable {
    /// Who decides about the size.
    package enum Mode: String, Hashable, Sendable, Codable, CaseIterable {
        /// The schedule decides.
        case off
        /// The schedule decides; the size that the pool would choose is shown.
        case advise
        /// The pool decides, and the schedule is a floor.
        case apply
    }

    package static let defaultGoal = 0.95
    package static let defaultMin = 1
    package static let defaultMax = 20
    /// Goals between which the formula means something.
    package static let goals = 0.5...0.999
    package static let sizes = 0...100_000

    package var mode: Mode
    /// The share of claims that are to be hits.
    package var goal: Double
    package var min: Int
    package var max: Int

    package init(mode: Mode, goal: Double = defaultGoal, min: Int = defaultMin, max: Int = defaultMax) {
        self.mode = mode
        self.goal = goal
        self.min = min
        self.max = max
    }
}
