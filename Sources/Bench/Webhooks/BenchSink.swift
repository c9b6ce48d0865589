// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import Synchronization
import Time

/// When each delivery first reached the measurement's receiver.
final class BenchSink: Sendable {
    private let state = Mutex<[DeliveryID: ContinuousClock.Instant]>([:])
    private let bell = Doorbell()

    @Sendable func received(_ id: String) {
        guard let id = DeliveryID(id) else { return }
        let now = ContinuousClock.now
        state.withLock { if $0[id] == nil { $0[id] = now } }
        bell.ring()
    }

    /// Returns once that many deliveries have arrived. Throws only when it is canceled.
    func wait(for count: Int) async throws {
        while self.count < count {
            await bell.wait()
            try Task.checkCancellation()
        }
    }

    var count: Int { state.withLock { $0.count } }
    var arrivals: [DeliveryID: ContinuousClock.Instant] { state.withLock { $0 } }
}
