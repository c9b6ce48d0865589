// SPDX-License-Identifier: Apache-2.0

package import Time

/// The weekly pattern of claims: for each quarter of an hour of the week, how many claims came, recent weeks first.
package struct Season: Hashable, Sendable {
    /// What stays of a bin's numbers when a week has passed.
    static let decay = 0.6
    /// The weight of each neighbour of a bin.
    static let neighbour = 0.25
    /// How many weeks of the mean rate each bin begins with.
    static let shrinkage = 0.5

    /// Claims per bin, decayed.
    package private(set) var claims: [Double]
    /// Weeks per bin, decayed in the same way.
    package private(set) var weeks: [Double]
    private var totalClaims: Double
    private var totalWeeks: Double

    /// Nothing is known.
    package init() {
        claims = Array(repeating: 0, count: WeekSlot.perWeek)
        weeks = claims
        totalClaims = 0
        totalWeeks = 0
    }

    /// As it was stored; `nil` when it is not of a week's bins.
    package init?(claims: [Double], weeks: [Double]) {
        guard claims.count == WeekSlot.perWeek, weeks.count == WeekSlot.perWeek,
            (claims + weeks).allSatisfy({ $0.isFinite && $0 >= 0 })
        else { return nil }
        self.claims = claims
        self.weeks = weeks
        totalClaims = claims.reduce(0, +)
        totalWeeks = weeks.reduce(0, +)
    }

    /// Adds a bin that has ended.
    mutating func close(bin: Int, claims count: Int) {
        let (oldClaims, oldWeeks) = (claims[bin], weeks[bin])
        claims[bin] = Self.decay * oldClaims + Double(count)
        weeks[bin] = Self.decay * oldWeeks + 1
        totalClaims += claims[bin] - oldClaims
        totalWeeks += weeks[bin] - oldWeeks
    }

    /// Claims per bin over all bins.
    package var mean: Double { totalWeeks > 0 ? max(totalClaims, 0) / totalWeeks : 0 }

    /// The claims to expect in a bin: smoothed over its neighbours, and drawn to the mean by half a week.
    package func rate(ofBin bin: Int) -> Double {
        let before = bin == 0 ? WeekSlot.perWeek - 1 : bin - 1
        let after = bin == WeekSlot.perWeek - 1 ? 0 : bin + 1
        let count = claims[bin] + Self.neighbour * (claims[before] + claims[after])
        let weight = weeks[bin] + Self.neighbour * (weeks[before] + weeks[after])
        return (count + Self.shrinkage * mean) / (weight + Self.shrinkage)
    }

    /// The claims to expect from `start` to `end`.
    package func expected(from start: Instant, to end: Instant, in zone: TimeZoneRules) -> Double {
        guard start < end else { return 0 }
        var sum = 0.0
        var slot = WeekSlot(at: start)
        while slot.start < end {
            let covered = min(slot.end, end) - max(slot.start, start)
            sum += rate(ofBin: slot.bin(in: zone)) * covered.inSeconds / Double(WeekSlot.seconds)
            slot = WeekSlot(number: slot.number + 1)
        }
        return sum
    }
}

extension Duration {
    /// Seconds with a fraction.
    package var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
