// SPDX-License-Identifier: Apache-2.0

/// What a preset's row says of its health; the raw values are the database's enum `prebuild_status`.
package enum PrebuildStatus: String, Hashable, Sendable, Codable {
    case healthy
    /// Its newest builds all failed, or too many were ordered in vain. It stays so until an operator resets the preset.
    case hardLimited = "hard_limited"
    /// Its values or schedule cannot work. It ends by itself once they can.
    case validationFailed = "validation_failed"
    /// A status of another release. Lists show it so; a pass leaves such a preset out.
    case unknown
}
