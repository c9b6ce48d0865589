// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A fact that one service learns and others ask for.
final class Flag: Sendable {
    private let value = Atomic(false)

    init() {}

    var isRaised: Bool { value.load(ordering: .acquiring) }

    func raise() {
        value.store(true, ordering: .releasing)
    }

    /// Returns whether this changed it.
    @discardableResult
    func set(_ new: Bool) -> Bool {
        value.exchange(new, ordering: .acquiringAndReleasing) != new
    }

    /// Lowers it, and returns whether it was raised.
    func take() -> Bool {
        value.exchange(false, ordering: .acquiringAndReleasing)
    }
}
