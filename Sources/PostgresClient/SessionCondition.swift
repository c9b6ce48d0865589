// SPDX-License-Identifier: Apache-2.0

import CLinux
import Synchronization

/// The state of a session that others may read without a hop to its thread.
final class SessionCondition: Sendable {
    enum Phase: UInt8 {
        /// Not connected yet.
        case fresh
        /// Connected, outside a transaction.
        case idle
        /// A statement runs, or a transaction is open.
        case busy
        /// The connection is gone for good.
        case lost
    }

    private let rawPhase = Atomic(Phase.fresh.rawValue)
    private let descriptor = Atomic<Int32>(-1)

    var phase: Phase {
        Phase(rawValue: rawPhase.load(ordering: .acquiring)) ?? .lost
    }

    func set(_ phase: Phase, descriptor socket: Int32 = -1) {
        descriptor.store(socket, ordering: .releasing)
        rawPhase.store(phase.rawValue, ordering: .releasing)
    }

    /// Whether the session may be handed on: outside a transaction, and the server has not hung up.
    ///
    /// Asks the socket, without waiting. A server sends unasked only when it hangs up or its configuration changed,
    /// which is rare enough to connect anew. Only for a session that nobody uses at this moment.
    var isReusable: Bool {
        switch phase {
        case .fresh: true
        case .busy, .lost: false
        case .idle: stoker_is_readable(descriptor.load(ordering: .acquiring)) == 0
        }
    }
}
