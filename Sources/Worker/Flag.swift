// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Something that one task tells and another takes note of, once.
final class Flag: Sendable {
    private let value = Atomic(false)

    init() {}

    func raise() {
        value.store(true, ordering: .releasing)
    }

    /// Lowers it, and returns whether it was raised.
    func take() -> Bool {
        value.exchange(false, ordering: .acquiringAndReleasing)
    }
}
