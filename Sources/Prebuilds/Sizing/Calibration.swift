// SPDX-License-Identifier: Apache-2.0

import Glibc

/// How many hits to plan for, so that the goal is met in fact: each miss raises it, each hit lowers it a little.
package struct Calibration: Hashable, Sendable {
    static let step = 0.08
    static let range = -2.0...7.0

    /// The log-odds of a hit that the formula is asked for.
    package private(set) var theta: Double

    /// - Parameter theta: Limited to the range that is sensible.
    package init(theta: Double) {
        self.theta = min(max(theta.isFinite ? theta : 0, Self.range.lowerBound), Self.range.upperBound)
    }

    /// Plans for the goal itself.
    package init(goal: Double) {
        self.init(theta: log(goal / (1 - goal)))
    }

    /// The share of hits to plan for, between 0 and 1.
    package var hits: Double { 1 / (1 + exp(-theta)) }

    /// After each claim.
    mutating func learn(hit: Bool, goal: Double) {
        self = Self(theta: theta + Self.step * (goal - (hit ? 1 : 0)))
    }
}
