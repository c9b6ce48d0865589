// SPDX-License-Identifier: Apache-2.0

/// A way to choose a pool's size, as `stoker pools simulate --policy` names it.
package enum SimulatedPolicy: Hashable, Sendable, CustomStringConvertible {
    /// As the preset is configured now.
    case now
    /// Always so many.
    case fixed(Int)
    /// The preset's schedule; without a preset, the best one by the hour of the week.
    case schedule
    /// The pool sizes itself.
    case automatic
    /// A pool that knows the rate of a trace of counts: nobody can do better.
    case knownRate

    /// `nil`: not one of them.
    package init?(_ text: String) {
        switch text {
        case "now": self = .now
        case "schedule": self = .schedule
        case "auto": self = .automatic
        case "known-rate": self = .knownRate
        default:
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, parts[0] == "fixed", let size = Int(parts[1]), (0...LeastFixed.limit).contains(size)
            else { return nil }
            self = .fixed(size)
        }
    }

    package var description: String {
        switch self {
        case .now: "now"
        case .fixed(let size): "fixed:\(size)"
        case .schedule: "schedule"
        case .automatic: "auto"
        case .knownRate: "known-rate"
        }
    }
}
