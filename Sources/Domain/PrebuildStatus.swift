// SPDX-License-Identifier: Apache-2.0

/// A preset's stored status; the raw values are those of the database's enum `prebuild_status`.
package enum PrebuildStatus: String, Hashable, Sendable, Codable {
    case healthy
    /// Its newest builds all failed, or the runaway brake stopped it. It stays so until an operator resets the preset.
    case hardLimited = "hard_limited"
    /// Its values or schedule are invalid. It ends by itself when they are valid.
    case validationFailed = "validation_failed"
    /// A status of another release. Lists show it so; a pass leaves such a preset out.
    case unknown
}
