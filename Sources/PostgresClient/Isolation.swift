// SPDX-License-Identifier: Apache-2.0

/// The isolation level of a transaction (PostgreSQL documentation, Transaction Isolation).
package enum Isolation: Sendable {
    case readCommitted
    case repeatableRead
    case serializable

    var begin: SQL {
        switch self {
        case .readCommitted: "BEGIN ISOLATION LEVEL READ COMMITTED"
        case .repeatableRead: "BEGIN ISOLATION LEVEL REPEATABLE READ"
        case .serializable: "BEGIN ISOLATION LEVEL SERIALIZABLE"
        }
    }
}
