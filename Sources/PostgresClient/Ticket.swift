// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Tells the loop, from another thread, that the caller of one call no longer waits for its answer.
final class Ticket: Sendable {
    private let canceled = Atomic(false)

    var isCanceled: Bool { canceled.load(ordering: .acquiring) }

    func cancel() { canceled.store(true, ordering: .releasing) }
}
