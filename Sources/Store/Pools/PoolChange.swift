// SPDX-License-Identifier: Apache-2.0

import PostgresClient

/// What a pool is called, wherever it is counted.
package struct PoolName: Hashable, Sendable {
    package var template: String
    package var preset: String
    package var organization: String

    /// What belongs to no pool, or nobody said to which.
    package static let none = Self(template: "", preset: "", organization: "")
}

extension PoolName {
    /// Of a row with the columns `template`, `preset` and `organization`.
    init(_ row: Row) throws {
        self.init(template: try row["template"], preset: try row["preset"], organization: try row["organization"])
    }
}

/// What became of an order for a prebuild.
package enum PoolChange: Hashable, Sendable {
    /// It can be claimed for the first time, so long after it was ordered.
    case refilled(after: Duration)
    /// Its build has failed for good.
    case failed(PoolName)

    /// - Parameter seconds: Since the order, by the database's clock; `nil`: it cannot be claimed yet.
    init?(refilledAfter seconds: Double?) {
        guard let seconds else { return nil }
        self = .refilled(after: max(.seconds(seconds), .zero))
    }
}
