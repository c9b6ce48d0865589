// SPDX-License-Identifier: Apache-2.0

/// What a claim of a version's prebuild would do: the plan of one on the state of its first prebuild, with another owner.
/// Nothing of it was applied.
package struct Rehearsal: Hashable, Sendable {
    /// The raw values are those of `template_version_rehearsals.status`.
    package enum Status: String, CaseIterable, Sendable, Hashable, Codable {
        /// A claim changes everything in place.
        case inPlace = "in_place"
        /// A claim would destroy resources and create them anew.
        case replaces
        /// The rehearsal itself failed, and so would a claim.
        case failed
        /// The template has no rehearsal.
        case none
    }

    package var status: Status
    package var replacements: [Replacement]
    /// Why it failed, or why there is none.
    package var message: String

    package init(_ replacements: [Replacement]) {
        status = replacements.isEmpty ? .inPlace : .replaces
        self.replacements = replacements
        message = ""
    }

    package init(_ status: Status, message: String) {
        self.status = status
        replacements = []
        self.message = String(message.prefix(2_000)).storable
    }
}
