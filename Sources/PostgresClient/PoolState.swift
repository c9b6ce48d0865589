// SPDX-License-Identifier: Apache-2.0

/// Who has a session, who waits, and what is free: the decisions of a pool, without its locks and continuations.
struct PoolState<Session, Waiter> {
    enum Grant {
        case session(Session)
        /// Room for a session that does not exist yet.
        case room
    }

    enum Acquisition {
        case granted(Grant)
        case mustWait
        case closed
    }

    let size: Int
    /// Free sessions, the one used last at the end: it is the warmest.
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
        // Whoever waits is first: a free session never stays while someone waits, so there is none to overtake them with.
        guard leased < size, waiting.isEmpty else { return .mustWait }
        leased += 1
        return .granted(idle.popLast().map { .session($0) } ?? .room)
    }

    mutating func enqueue(_ waiter: Waiter, id: UInt64) {
        waiting.append((id, waiter))
    }

    /// Takes the waiter off the queue, if it is still there.
    mutating func withdraw(id: UInt64) -> Waiter? {
        guard let index = waiting.firstIndex(where: { $0.id == id }) else { return nil }
        return waiting.remove(at: index).waiter
    }

    /// Ends a lease. `nil` stands for a session that is of no use any more.
    ///
    /// - Returns: The waiter to resume, and with what. The lease passes on to it.
    mutating func release(_ session: Session?) -> (waiter: Waiter, grant: Grant)? {
        if !waiting.isEmpty {
            return (waiting.removeFirst().waiter, session.map { .session($0) } ?? .room)
        }
        leased -= 1
        if let session, !isClosed { idle.append(session) }
        return nil
    }

    /// Lets nobody in any more. Returns the free sessions and those who waited in vain.
    mutating func close() -> (idle: [Session], waiting: [Waiter]) {
        defer {
            idle = []
            waiting = []
            isClosed = true
        }
        return (idle, waiting.map(\.waiter))
    }
}
