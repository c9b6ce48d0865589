// SPDX-License-Identifier: Apache-2.0

package import Domain

/// What a pass writes about a roll-out.
package struct RolloutChange: Hashable, Sendable {
    /// How it ends, or stops.
    package enum End: Hashable, Sendable {
        /// Nothing of earlier versions is left.
        case completed
        case stopped(RolloutStop)
    }

    package let rolloutID: RolloutID
    /// Presets of the new version that are proven now.
    package var proven: [PresetID]
    /// `nil`: it goes on.
    package var end: End?

    package init(rolloutID: RolloutID, proven: [PresetID] = [], end: End? = nil) {
        self.rolloutID = rolloutID
        self.proven = proven
        self.end = end
    }
}

/// Why a roll-out stops, and what happens then.
package struct RolloutStop: Hashable, Sendable {
    /// The preset of the new version that cannot be built.
    package let presetID: PresetID
    package let reason: String
    /// The proven preset whose version is promoted again; `nil`: the roll-out is held.
    package let restores: PresetID?

    package init(presetID: PresetID, reason: String, restores: PresetID?) {
        self.presetID = presetID
        self.reason = reason
        self.restores = restores
    }
}
