// SPDX-License-Identifier: Apache-2.0

import Store
import Synchronization

/// Collects notifications about jobs that may be in front of this worker's place, until the next claim takes them.
final class QueueNews: Sendable {
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
