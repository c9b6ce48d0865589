// SPDX-License-Identifier: Apache-2.0

/// An operator's order that nothing be created or deleted, anywhere.
package struct FleetPause: Hashable, Sendable {
    /// Which setting holds the fleet.
    package enum Kind: String, Hashable, Sendable, Codable {
        /// `stoker prebuilds pause`: pools stand still, claims are served from stock.
        case reconciliation
        /// `stoker maintenance start`: the fleet stops claiming jobs as well.
        case maintenance
    }

    package let kind: Kind
    /// When it ends by itself; `nil`: not before it is ended.
    package let until: Instant?
    package let reason: String
    /// Who ordered it, as people know them.
    package let orderedBy: String?

    package init(kind: Kind, until: Instant? = nil, reason: String = "", orderedBy: String? = nil) {
        self.kind = kind
        self.until = until
        self.reason = reason
        self.orderedBy = orderedBy
    }

    /// Whether the fleet stands still at `now`: the end itself is no longer paused.
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
