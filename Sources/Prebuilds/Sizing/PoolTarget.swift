// SPDX-License-Identifier: Apache-2.0

/// The size that a pool chooses, and what each of its reasons asks for by itself.
package struct PoolTarget: Hashable, Sendable, Codable {
    /// The size before quotas and caps.
    package let size: Int
    /// The schedule's count, at least the configured minimum.
    package let floor: Int
    /// For the claims of this hour of the week, at the recent level.
    package let season: Int
    /// For a burst that is under way; 0: there is none.
    package let burst: Int
    /// The size that is kept, as long as it serves nearly as well as the parts: it does not follow each claim.
    package let held: Int
    /// Claims that wait for a prebuild.
    package let waiting: Int
    /// The configured maximum.
    package let max: Int
    /// The recent claims in relation to those that the season expects.
    package let level: Double
    /// The expected number of builds under way.
    package let load: Double
    /// The share of hits that is planned for.
    package let hits: Double
    /// The time from order to ready, in seconds.
    package let leadTime: Double

    private enum CodingKeys: String, CodingKey {
        case size, floor, season, burst, held, waiting, max, level, load, hits
        case leadTime = "lead_time_seconds"
    }

    /// `9 = floor 2, season 6, burst 9`: the largest of the parts, and the waiting claims on top. A part `kept` is named
    /// when it is another one than the largest.
    package var text: String {
        var parts = ["floor \(floor)", "season \(season)"]
        if burst > 0 { parts.append("burst \(burst)") }
        if held != Swift.max(season, burst) { parts.append("kept \(held)") }
        if waiting > 0 { parts.append("waiting \(waiting)") }
        let wanted = Swift.max(floor, held + waiting)
        if wanted > max { parts.append("at most \(max)") }
        return "\(size) = " + parts.joined(separator: ", ")
    }
}
