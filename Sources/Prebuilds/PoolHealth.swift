// SPDX-License-Identifier: Apache-2.0

import Domain

/// The health of a pool in one word, as status, lists, plan, API and page show it.
///
/// `prebuild_status` changes only when a preset stops. The health shows trouble before that.
package enum PoolHealth: String, Hashable, Sendable, Codable, CaseIterable {
    /// As many prebuilds can be claimed as there should be.
    case healthy
    /// Some can be claimed, others are missing.
    case filling
    /// There should be prebuilds, and not one can be claimed.
    case empty
    /// Prebuilds are missing, and the newest build that has ended failed. The next one is under way, or is about to be.
    case failing
    /// Prebuilds are missing, and nothing is built for a while because builds failed.
    case backingOff = "backing_off"
    /// An operator has paused the template's pools or the whole fleet.
    case paused
    /// The preset stopped after too many failures; it waits for a reset.
    case hardLimited = "hard_limited"
    /// The preset cannot be built as it is defined.
    case validationFailed = "validation_failed"
    /// The preset is not of its template's active version.
    case inactive

    /// A message for people.
    package var words: String { rawValue.replacing("_", with: " ") }
}

extension PresetPlan {
    /// The worst condition of the pool: first the ones that last until somebody acts, then delays, then missing
    /// prebuilds.
    package var health: PoolHealth {
        guard isActive else { return .inactive }
        switch status {
        case .hardLimited: return .hardLimited
        case .validationFailed: return .validationFailed
        case .healthy, .unknown: break
        }
        if isPaused { return .paused }
        guard state.eligible + state.previous < state.desired else { return .healthy }
        if backoff != nil, state.missing > 0 { return .backingOff }
        if failedBuild != nil { return .failing }
        return state.isDepleted ? .empty : .filling
    }
}
