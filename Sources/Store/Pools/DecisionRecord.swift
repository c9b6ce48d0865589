// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient

/// What a pass reads of the record of decisions: how far it goes, and what is new in it for a process that made passes
/// before. Passes record decisions one at a time, under their lock, so the order of ids is the order of commits.
package struct DecisionRecord: Sendable {
    /// The newest row of `prebuild_decisions`; `nil` if there is none.
    package let last: Int64?
    /// The presets about which something was recorded since the process last looked; `nil`: unknown, it may be any.
    package let changed: Set<PresetID>?

    package init(last: Int64?, changed: Set<PresetID>?) {
        self.last = last
        self.changed = changed
    }

    /// More decisions than that are not looked at.
    private static let mostNews = 2_000

    static func columns(since lastDecision: Int64?) -> SQL {
        """
        (SELECT max(id) FROM prebuild_decisions) AS last_decision, ARRAY(
            SELECT preset_id FROM prebuild_decisions WHERE id > \(lastDecision) ORDER BY id LIMIT \(literal: mostNews)
        ) AS decided
        """
    }

    init(_ row: Row, since lastDecision: Int64?) throws {
        let decided: [PresetID] = try row["decided"]
        let isKnown = lastDecision != nil && decided.count < Self.mostNews
        self.init(last: try row["last_decision"], changed: isKnown ? Set(decided) : nil)
    }
}
