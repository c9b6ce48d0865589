// SPDX-License-Identifier: Apache-2.0

/// The least pool of a fixed size that reaches a goal.
package struct LeastFixed: Hashable, Sendable, Codable {
    /// No larger one is tried.
    package static let limit = 4_096

    package let instances: Int
    package let hitRatio: Double
    package let idleMean: Double

    private enum CodingKeys: String, CodingKey {
        case instances
        case hitRatio = "hit_ratio"
        case idleMean = "idle_mean"
    }

    /// `nil` when the largest pool that is tried does not reach it.
    package init?(_ simulation: PoolSimulation, goal: Double) {
        var below = -1
        var enough = 1
        var result = simulation.run(FixedSize(enough))
        while result.hitRatio < goal {
            guard enough < Self.limit else { return nil }
            (below, enough) = (enough, enough * 2)
            result = simulation.run(FixedSize(enough))
        }
        while below + 1 < enough {
            let middle = (below + enough) / 2
            let tried = simulation.run(FixedSize(middle))
            if tried.hitRatio >= goal { (enough, result) = (middle, tried) } else { below = middle }
        }
        instances = enough
        hitRatio = result.hitRatio
        idleMean = result.idleMean
    }
}
