// SPDX-License-Identifier: Apache-2.0

import PostgresClient

/// The names of a pool, as metrics count it.
package struct PoolName: Hashable, Sendable {
    package var template: String
    package var preset: String
    package var organization: String

    /// No pool, or an unknown one.
    package static let none = Self(template: "", preset: "", organization: "")
}

extension PoolName {
    /// Reads a row with the columns `template`, `preset` and `organization`.
    init(_ row: Row) throws {
        self.init(template: try row["template"], preset: try row["preset"], organization: try row["organization"])
    }
}

/// The end of an order for a prebuild, for metrics.
package enum PoolChange: Hashable, Sendable {
    /// The prebuild can be claimed for the first time, with the time since it was ordered.
    case refilled(after: Duration)
    /// Its build failed for good.
    case failed(PoolName)

    /// - Parameter seconds: The time since the order by the database's clock; `nil`: it cannot be claimed yet.
    init?(refilledAfter seconds: Double?) {
        guard let seconds else { return nil }
        self = .refilled(after: max(.seconds(seconds), .zero))
    }
}
