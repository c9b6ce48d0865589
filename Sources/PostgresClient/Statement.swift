// SPDX-License-Identifier: Apache-2.0

/// A statement with a name and a deadline.
package struct Statement: Hashable, Sendable {
    /// What metrics and errors call it, such as `jobs.claim`. Names are part of the program, never made of data.
    package let name: String
    /// How long it may take, from when its session turns to it. Then it is canceled.
    package let limit: Duration
    package let sql: SQL
    /// Whether it changes nothing, so that a connection that is lost leaves nothing unknown.
    let isRead: Bool

    /// - Parameter limit: When it passes, the call throws ``PostgresError`` of kind `.deadlineExceeded`.
    package init(_ name: String, within limit: Duration = .seconds(30), reading isRead: Bool = false, _ sql: SQL) {
        self.name = name
        self.isRead = isRead
        self.limit = limit
        self.sql = sql
    }
}
