// SPDX-License-Identifier: Apache-2.0

package import Time

/// A pause of the whole fleet by an operator: nothing is created or deleted.
package struct FleetPause: Hashable, Sendable {
    /// The setting that pauses the fleet.
    package enum Kind: String, Hashable, Sendable, Codable {
        /// `stoker prebuilds pause`: pools are not reconciled; claims get existing prebuilds.
        case reconciliation
        /// `stoker maintenance start`: the fleet stops claiming jobs as well.
        case maintenance
    }

    package let kind: Kind
    /// When it ends by itself; `nil`: only by command.
    package let until: Instant?
    package let reason: String
    /// The operator's name.
    package let orderedBy: String?

    package init(kind: Kind, until: Instant? = nil, reason: String = "", orderedBy: String? = nil) {
        self.kind = kind
        self.until = until
        self.reason = reason
        self.orderedBy = orderedBy
    }

    /// Whether the fleet is paused at `now`; at `until` itself it is not.
    package func holds(at now: Instant) -> Bool {
        until.map { now < $0 } ?? true
    }
}

extension FleetPause: Codable {
    private enum CodingKeys: String, CodingKey {
        case kind, until, reason
        case orderedBy = "ordered_by"
    }
}
