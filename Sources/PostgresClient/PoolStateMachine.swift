// SPDX-License-Identifier: Apache-2.0

/// The decisions of a connection pool, without its locks and continuations: leases, waiters and free sessions.
struct PoolStateMachine<Session, Waiter> {
    enum Grant {
        case session(Session)
        /// A place for a session that does not exist yet.
        case room
    }

    enum Acquisition {
        case granted(Grant)
        case mustWait
        case closed
    }

    let size: Int
    /// Free sessions, the last used one at the end, because its caches are warm.
    private(set) var idle: [Session] = []
    private(set) var leased = 0
    private(set) var waiting: [(id: UInt64, waiter: Waiter)] = []
    private(set) var isClosed = false

    init(size: Int) {
        self.size = max(1, size)
    }

    /// Whether the last lease of a closed pool has ended.
    var isDrained: Bool { isClosed && leased == 0 }

    mutating func acquire() -> Acquisition {
        guard !isClosed else { return .closed }
        // Waiters come first: no session is free while a caller waits, so nobody can overtake.
        guard leased < size, waiting.isEmpty else { return .mustWait }
        leased += 1
        return .granted(idle.popLast().map { .session($0) } ?? .room)
    }

    mutating func enqueue(_ waiter: Waiter, id: UInt64) {
        waiting.append((id, waiter))
    }

    /// Removes the waiter from the queue, if it is still there.
    mutating func withdraw(id: UInt64) -> Waiter? {
        guard let index = waiting.firstIndex(where: { $0.id == id }) else { return nil }
        return waiting.remove(at: index).waiter
    }

    /// Ends a lease. `nil` stands for a session that cannot be used any more.
    ///
    /// - Returns: The waiter to resume and its grant, which takes over the lease.
    mutating func release(_ session: Session?) -> (waiter: Waiter, grant: Grant)? {
        if !waiting.isEmpty {
            return (waiting.removeFirst().waiter, session.map { .session($0) } ?? .room)
        }
        leased -= 1
        if let session, !isClosed { idle.append(session) }
        return nil
    }

    /// Closes the pool to new callers. Returns the free sessions and the waiters to turn away.
    mutating func close() -> (idle: [Session], waiting: [Waiter]) {
        defer {
            idle = []
            waiting = []
            isClosed = true
        }
        return (idle, waiting.map(\.waiter))
    }
}
