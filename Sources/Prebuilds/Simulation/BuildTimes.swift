// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Build times as a log-normal distribution, by its median and its 90th percentile.
package struct BuildTimes: Hashable, Sendable {
    /// The 90th percentile of the standard normal distribution.
    private static let normal90 = 1.281_551_565_544_6

    /// Where nothing is known: 3 minutes, and 5 minutes for one in ten.
    package static let usual = Self(median: .seconds(180), .seconds(300))

    package let p50: Duration
    package let p90: Duration

    /// `nil` unless `0 < p50 <= p90`.
    package init?(p50: Duration, p90: Duration) {
        guard .zero < p50, p50 <= p90 else { return nil }
        self.init(median: p50, p90)
    }

    private init(median p50: Duration, _ p90: Duration) {
        self.p50 = p50
        self.p90 = p90
    }

    private var sigma: Double { log(p90.inSeconds / p50.inSeconds) / Self.normal90 }

    /// The mean, in seconds.
    package var mean: Double { p50.inSeconds * exp(sigma * sigma / 2) }

    /// Draws one.
    func draw(_ generator: inout some RandomNumberGenerator) -> Duration {
        .microseconds(Int64(p50.inSeconds * exp(sigma * generator.normal()) * 1e6))
    }
}

extension RandomNumberGenerator {
    /// Above 0, at most 1.
    mutating func unit() -> Double {
        Double((next() >> 11) + 1) / 9_007_199_254_740_992
    }

    /// Normally distributed, with mean 0 and variance 1.
    mutating func normal() -> Double {
        (-2 * log(unit())).squareRoot() * cos(2 * .pi * unit())
    }

    /// Poisson distributed.
    mutating func poisson(_ mean: Double) -> Int {
        guard mean > 0 else { return 0 }
        // The sum of Poisson numbers is one: large means in parts, for which exp(-mean) does not vanish.
        if mean > 500 {
            let half = poisson(mean / 2)
            return half + poisson(mean / 2)
        }
        let limit = exp(-mean)
        var count = 0
        var product = unit()
        while product > limit {
            count += 1
            product *= unit()
        }
        return count
    }
}
