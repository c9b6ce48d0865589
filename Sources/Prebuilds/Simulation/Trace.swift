// SPDX-License-Identifier: Apache-2.0

package import Time

/// Demand over time: single claims, or counts of claims in bins.
package struct Trace: Hashable, Sendable {
    /// A bin, and how many claims came in it; or a claim, when the trace has no counts.
    package struct Point: Hashable, Sendable {
        package let at: Instant
        package let count: Double

        package init(at: Instant, count: Double) {
            self.at = at
            self.count = count
        }
    }

    /// In the order of time.
    package private(set) var points: [Point]
    /// Whether the points are bins with counts.
    package let hasCounts: Bool
    /// Whether the counts are expected ones.
    private var isDrawn = false
    /// When it begins and ends, if not with its points.
    private var bounds: Bounds?

    private struct Bounds: Hashable, Sendable {
        let start: Instant
        let end: Instant
    }
    /// The length of a bin: the median distance of two points.
    package let width: Duration

    /// - Parameter points: In any order.
    package init(points: [Point], hasCounts: Bool) {
        let points = points.sorted { $0.at < $1.at }
        let distances = zip(points, points.dropFirst()).map { $1.at - $0.at }.filter { $0 > .zero }.sorted()
        self.points = points
        self.hasCounts = hasCounts
        width = distances.isEmpty ? .seconds(300) : distances[distances.count / 2]
    }

    /// Single claims within a time.
    package init(claims: [Instant], from start: Instant, to end: Instant) {
        self.init(points: claims.map { Point(at: $0, count: 1) }, hasCounts: false)
        bounds = Bounds(start: start, end: end)
    }

    /// The beginning of the time that the trace is about.
    package var start: Instant { bounds?.start ?? points.first?.at ?? Instant(seconds: 0) }
    /// The first moment after it.
    package var end: Instant {
        bounds?.end ?? (points.last?.at ?? start) + (hasCounts ? width : .microseconds(1))
    }

    /// Claims per second at a moment: what a policy that knows the rate knows.
    package func rate(at moment: Instant) -> Double {
        guard hasCounts, let index = index(of: moment) else { return 0 }
        return points[index].count / length(of: index).inSeconds
    }

    /// How many claims there are, or are to be expected.
    package var total: Double { points.reduce(0) { $0 + $1.count } }

    /// The same demand with another mean. Its counts are expected ones, from which claims are drawn.
    package func scaled(toClaimsPerHour mean: Double) -> Trace {
        let (total, hours) = (total, points.indices.reduce(0) { $0 + length(of: $1).inSeconds } / 3_600)
        let factor = total > 0 ? mean * hours / total : 0
        var scaled = self
        scaled.points = points.map { Point(at: $0.at, count: $0.count * factor) }
        scaled.isDrawn = true
        return scaled
    }

    /// The claims, each at a random moment of its bin: as many as were counted, or, in a scaled trace, a Poisson number.
    package func arrivals(seed: UInt64) -> [Instant] {
        guard hasCounts else { return points.map(\.at) }
        var generator = SplitMix(seed: seed)
        var arrivals: [Instant] = []
        for (index, point) in points.enumerated() {
            let count = isDrawn ? generator.poisson(point.count) : Int(point.count.rounded())
            let length = length(of: index).microseconds
            let offsets = (0..<count).map { _ in Int64(generator.unit() * Double(length)) }.sorted()
            arrivals += offsets.map { point.at + .microseconds(min($0, length - 1)) }
        }
        // Where two points are at one moment, their bins overlap.
        return arrivals.sorted()
    }

    /// Up to the next point; where points are missing, a bin of the usual length.
    private func length(of index: Int) -> Duration {
        guard index + 1 < points.count else { return width }
        let distance = points[index + 1].at - points[index].at
        return distance > .zero ? min(distance, width) : width
    }

    private func index(of moment: Instant) -> Int? {
        var low = 0
        var high = points.count
        while low < high {
            let middle = (low + high) / 2
            if points[middle].at <= moment { low = middle + 1 } else { high = middle }
        }
        guard low > 0, moment < points[low - 1].at + length(of: low - 1) else { return nil }
        return low - 1
    }
}
