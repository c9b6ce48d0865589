// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// One call's way to say, from another thread, that nobody waits for its answer any more.
final class Ticket: Sendable {
    private let canceled = Atomic(false)

    var isCanceled: Bool { canceled.load(ordering: .acquiring) }

    func cancel() { canceled.store(true, ordering: .releasing) }
}
