// SPDX-License-Identifier: Apache-2.0

/// Which statements the server has prepared for a session, at most `limit` of them.
struct PreparedStatements {
    struct Key: Hashable {
        let text: String
        let types: [UInt32]

        init(_ sql: SQL) {
            text = sql.text
            types = sql.parameters.types
        }
    }

    enum Lookup: Equatable {
        /// The server has the statement by this name.
        case known(String)
        /// The statement must be prepared by this name first.
        case new(String)
    }

    private struct Entry {
        let name: String
        var lastUse: Int
    }

    private let limit: Int
    private var entries: [Key: Entry] = [:]
    private var uses = 0
    private var names = 0
    /// Dropped names whose statements the server still keeps.
    private(set) var discarded: [String] = []

    init(limit: Int) {
        self.limit = max(1, limit)
    }

    mutating func lookUp(_ key: Key) -> Lookup {
        uses += 1
        if let index = entries.index(forKey: key) {
            entries.values[index].lastUse = uses
            return .known(entries.values[index].name)
        }
        if entries.count >= limit, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            discard(oldest.key)
        }
        names += 1
        let name = "stoker_\(names)"
        entries[key] = Entry(name: name, lastUse: uses)
        return .new(name)
    }

    /// The server refused to prepare the statement, or has lost it.
    mutating func forget(_ key: Key) {
        entries[key] = nil
    }

    /// Discards the statement; the server shall deallocate it.
    mutating func discard(_ key: Key) {
        if let entry = entries.removeValue(forKey: key) { discarded.append(entry.name) }
    }

    /// The server has deallocated the discarded statement.
    mutating func deallocated(_ name: String) {
        discarded.removeAll { $0 == name }
    }
}
