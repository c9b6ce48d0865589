// SPDX-License-Identifier: Apache-2.0

import Domain
import Time

/// When a prebuild with a time to live is replaced, and when it can no longer be claimed.
///
/// Prebuilds that are built together would expire together, for ever. So each lives a different part of the time: between
/// four fifths of it and the whole.
struct Lifespan: Hashable, Sendable {
    /// From then on its replacement is built, so that it is ready when this one goes.
    let replacedFrom: Instant
    /// From then on it is deleted as soon as a replacement is ready.
    let expiresAt: Instant
    /// After this it is never claimed.
    let endsAt: Instant

    /// The share of its time by which a prebuild may expire earlier.
    private static let spread = 0.2
    /// A replacement is built no earlier than this share of the time before the end of the old one. So there are never more
    /// than two generations of a pool.
    private static let mostLead = 0.3

    /// - Parameter lead: How long a replacement takes.
    init(of workspace: WorkspaceID, createdAt: Instant, ttl: Duration, lead: Duration) {
        endsAt = createdAt + ttl
        expiresAt = createdAt + ttl * (1 - Self.spread * Self.fraction(of: workspace))
        replacedFrom = expiresAt - min(max(lead, .zero), ttl * Self.mostLead)
    }

    /// A number from 0 up to 1 that depends on nothing but the identifier (the last step of SplitMix64).
    private static func fraction(of workspace: WorkspaceID) -> Double {
        var bits = workspace.high &* 31 &+ workspace.low
        bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
        bits ^= bits >> 31
        return Double(bits >> 11) / Double(UInt64(1) << 53)
    }
}
