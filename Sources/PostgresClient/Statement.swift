// SPDX-License-Identifier: Apache-2.0

/// A statement with a name and a deadline.
package struct Statement: Hashable, Sendable {
    /// What metrics and errors call it, such as `jobs.claim`. Names are part of the program, never made of data.
    package let name: String
    /// How long it may take, from when its session turns to it. Then it is canceled.
    package let limit: Duration
    package let sql: SQL

    /// - Parameter limit: When it passes, the call throws ``PostgresError`` of kind `.deadlineExceeded`.
    package init(_ name: String, within limit: Duration = .seconds(30), _ sql: SQL) {
        self.name = name
        self.limit = limit
        self.sql = sql
    }
}
