// SPDX-License-Identifier: Apache-2.0

package import Time

/// The largest of recent sizes, so that a pool does not shrink for a moment and grow again.
///
/// A size is held for ten minutes when half of the pool or more is to go, as after a burst, and much longer when a
/// large pool is to lose a few: their idle time is little, and the changes of direction are what it saves.
package struct TargetHold: Hashable, Sendable {
    /// A size, and until when it was the one that was computed; for the last one, since when.
    package struct Peak: Hashable, Sendable, Codable {
        package let at: Instant
        package let size: Int

        package init(at: Instant, size: Int) {
            self.at = at
            self.size = size
        }
    }

    static let shortest = 600.0
    static let longest = 36_000.0

    /// Sizes that may still be the largest, in the order of time: each is larger than all after it.
    package private(set) var peaks: [Peak] = []

    package init(peaks: [Peak] = []) {
        self.peaks = peaks
    }

    /// The size that is held; `nil`: none yet.
    package var size: Int? { peaks.first?.size }

    /// How long a size is held while a smaller one would do.
    static func time(of peak: Int, above size: Int) -> Duration {
        let ratio = Double(peak) / (2 * Double(max(peak - size, 1)))
        return .milliseconds(Int64(min(max(shortest * ratio * ratio * ratio, shortest), longest) * 1_000))
    }

    /// Adds a size, and returns the one that is held.
    mutating func hold(_ size: Int, at now: Instant) -> Int {
        while let last = peaks.last, last.size < size { peaks.removeLast() }
        if peaks.last?.size != size {
            if let last = peaks.popLast() { peaks.append(Peak(at: now, size: last.size)) }
            peaks.append(Peak(at: now, size: size))
        }
        while peaks[0].size > size, now - peaks[0].at > Self.time(of: peaks[0].size, above: size) {
            peaks.removeFirst()
        }
        return peaks[0].size
    }
}
