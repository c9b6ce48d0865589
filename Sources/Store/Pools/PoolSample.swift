// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Time

/// The counts of one pool at a moment, for its history.
package struct PoolSample: Hashable, Sendable {
    package let presetID: PresetID
    package let desired: Int
    /// Prebuilds that can be claimed.
    package let ready: Int
    package let starting: Int

    package init(presetID: PresetID, desired: Int, ready: Int, starting: Int) {
        self.presetID = presetID
        self.desired = desired
        self.ready = ready
        self.starting = starting
    }
}

/// How far back a history goes.
package enum HistoryRange: String, CaseIterable, Hashable, Sendable, Codable {
    case hour = "1h"
    case day = "24h"
    case week = "7d"

    /// Its length.
    package var length: Duration {
        switch self {
        case .hour: .seconds(3_600)
        case .day: .seconds(86_400)
        case .week: .seconds(7 * 86_400)
        }
    }

    /// The time that a point stands for.
    package var step: Duration { self == .week ? .seconds(3_600) : PoolHistory.step }
}

/// A part of a pool's history.
package struct PoolHistory: Hashable, Sendable, Codable {
    /// The time between two samples.
    package static let step = Duration.seconds(300)

    /// A pool at the end of a step, and its claims within the step.
    package struct Point: Hashable, Sendable, Codable {
        package var at: Instant
        /// Means, where a point stands for an hour.
        package var desired: Double
        package var ready: Double
        package var starting: Double
        package var claims: Int
        package var misses: Int

        package init(
            at: Instant,
            desired: Double,
            ready: Double,
            starting: Double,
            claims: Int,
            misses: Int
        ) {
            self.at = at
            self.desired = desired
            self.ready = ready
            self.starting = starting
            self.claims = claims
            self.misses = misses
        }
    }

    package var templateName: String
    package var presetName: String
    package var range: HistoryRange
    package var from: Instant
    package var to: Instant
    /// In seconds.
    package var step: Int
    /// In order of time. A step without a sample has none: no worker reconciled, or the pool did not exist.
    package var points: [Point]

    private enum CodingKeys: String, CodingKey {
        case range, from, to, step, points
        case templateName = "template_name"
        case presetName = "preset_name"
    }
}
