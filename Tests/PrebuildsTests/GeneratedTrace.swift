// SPDX-License-Identifier: Apache-2.0

import Glibc
import Prebuilds
import TestSupport
import Time

/// Kinds of demand, made from a seed.
enum GeneratedTrace: String, CaseIterable, Sendable {
    /// Working days with a hill in the morning and one in the afternoon.
    case office
    /// Working days on which a third of all comes at nine.
    case rush
    /// The same rate all the time.
    case noise
    /// The same rate, and three quarters of an hour at fifteen times of it, now and then.
    case bursts

    var isBursty: Bool { self == .rush || self == .bursts }

    /// Expected counts in bins of five minutes, from a Monday on.
    func trace(days: Int) -> Trace {
        var generator = SeededGenerator(seed: 7)
        var bursting: Set<Int> = []
        for _ in 0..<(days * 5 / 7) {
            let first = Int.random(in: 0..<days * 288, using: &generator)
            bursting.formUnion(first..<first + 9)
        }
        var points: [Trace.Point] = []
        for bin in 0..<days * 288 {
            let count = weight(day: bin / 288 % 7, hour: Double(bin % 288) / 12, isBurst: bursting.contains(bin))
            points.append(Trace.Point(at: Instant(seconds: 1_748_822_400 + 300 * Int64(bin)), count: count))
        }
        return Trace(points: points, hasCounts: true)
    }

    private func weight(day: Int, hour: Double, isBurst: Bool) -> Double {
        switch self {
        case .office:
            let hills = Self.hill(hour, at: 10.5, width: 1.6) + 0.9 * Self.hill(hour, at: 15, width: 1.8)
            return 0.03 + (day < 5 ? hills : 0)
        case .rush:
            guard day < 5 else { return 0.02 }
            return 0.02 + ((9..<17).contains(hour) ? 0.3 : 0) + ((9..<9.5).contains(hour) ? 3 : 0)
        case .noise:
            return 1
        case .bursts:
            return isBurst ? 15 : 1
        }
    }

    private static func hill(_ hour: Double, at middle: Double, width: Double) -> Double {
        exp(-(hour - middle) * (hour - middle) / (2 * width * width))
    }
}
