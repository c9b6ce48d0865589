// SPDX-License-Identifier: Apache-2.0

import Store
import Synchronization

/// The place in the queue from which notifications announce new jobs, until the next claim looks there.
final class QueueHint: Sendable {
    private let earliest = Mutex<QueuePlace?>(nil)

    init() {}

    /// There are jobs from a place on.
    func tell(_ place: QueuePlace) {
        earliest.withLock { $0 = min($0 ?? place, place) }
    }

    /// The first place since the last call.
    func take() -> QueuePlace? {
        earliest.withLock { earliest in
            defer { earliest = nil }
            return earliest
        }
    }
}
