// SPDX-License-Identifier: Apache-2.0

import Store
import Synchronization

/// What was heard of jobs that may stand before those that this worker claimed last, until somebody takes note of it.
final class QueueNews: Sendable {
    private let earliest = Mutex<QueuePlace?>(nil)

    init() {}

    /// There are jobs from a place on.
    func tell(_ place: QueuePlace) {
        earliest.withLock { $0 = min($0 ?? place, place) }
    }

    /// The first place of which it was told since it was asked last.
    func take() -> QueuePlace? {
        earliest.withLock { earliest in
            defer { earliest = nil }
            return earliest
        }
    }
}
