// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Something that is released once: explicitly, or at the latest when the last reference to it ends.
final class Held: Sendable {
    private let giveBack: @Sendable () -> Void
    private let isReleased = Atomic(false)

    init(_ giveBack: @escaping @Sendable () -> Void) {
        self.giveBack = giveBack
    }

    deinit { release() }

    func release() {
        if !isReleased.exchange(true, ordering: .acquiringAndReleasing) { giveBack() }
    }
}
