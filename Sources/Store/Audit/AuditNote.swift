// SPDX-License-Identifier: Apache-2.0

import Basics
package import Domain
import PostgresClient
import Synchronization

/// The way by which an operation was asked for.
package enum AuditOrigin: String, CaseIterable, Hashable, Sendable, Codable {
    /// By a command with the database's credentials.
    case command
    case api
    case console
}

/// The entry of the audit log that goes with one change.
///
/// The statement or transaction that makes the change writes it, once; see ``Store/noting(_:)``.
package final class AuditNote: Sendable {
    private struct State {
        var target: String
        var isPending = true
    }

    let actor: String
    let actorID: UserID?
    let origin: AuditOrigin
    let action: String
    let resource: String
    let details: PostgresJSON
    private let state: Mutex<State>

    /// - Parameters:
    ///   - action: The operation's name, as the API's description has it.
    ///   - resource: The kind of thing that it is about.
    ///   - target: Which one, in the caller's words.
    ///   - details: The other values that were given, without secrets.
    package init(
        actor: String,
        actorID: UserID?,
        origin: AuditOrigin,
        action: String,
        resource: String,
        target: String,
        details: [String: String]
    ) {
        self.actor = actor
        self.actorID = actorID
        self.origin = origin
        self.action = action
        self.resource = resource
        self.details = PostgresJSON(JSON.object(details.mapValues { .string($0) }).json)
        state = Mutex(State(target: target))
    }

    /// Which thing the change is about.
    package var target: String {
        get { state.withLock(\.target) }
        set { state.withLock { $0.target = newValue } }
    }

    /// Whether the entry is still to be written.
    package var isPending: Bool { state.withLock(\.isPending) }

    /// Says that the entry is written, or that there was no change.
    package func settle() { state.withLock { $0.isPending = false } }

    /// Writes the entry.
    var statement: Statement {
        Statement(
            "audit.add",
            within: .seconds(10),
            """
            INSERT INTO audit_entries (\(sql: Self.columns))
            VALUES (\(actor), \(actorID), \(origin.rawValue), \(action), \(resource), \(target), \(details))
            """
        )
    }

    static let columns: SQL = "actor, actor_id, origin, action, resource, target, details"
}

extension Store {
    /// This store, whose next change writes the entry with itself.
    package func noting(_ note: AuditNote) -> Store {
        var store = self
        store.note = note
        return store
    }

    /// Writes an entry that no change has written with itself.
    package func write(_ note: AuditNote) async throws {
        guard note.isPending else { return }
        _ = try await pool.execute(note.statement)
        note.settle()
    }

    /// Makes a change in one transaction, with its entry of the audit log if there is one to write. The body must leave the
    /// transaction open.
    func changing<Value>(_ name: String, _ body: (PostgresTransaction) async throws -> Value) async throws -> Value {
        guard let note, note.isPending else { return try await pool.withTransaction(name, body) }
        let value = try await pool.withTransaction(name) { transaction in
            let value = try await body(transaction)
            _ = try await transaction.executeBatchAndCommit([note.statement])
            return value
        }
        note.settle()
        return value
    }
}
