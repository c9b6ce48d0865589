// SPDX-License-Identifier: Apache-2.0

import Domain
import Synchronization
import Time

/// When each delivery first reached the measurement's receiver.
final class BenchSink: Sendable {
    private let state = Mutex<
        (arrivals: [DeliveryID: ContinuousClock.Instant], awaited: Int, bell: CheckedContinuation<Void, Never>?)
    >(
        ([:], .max, nil)
    )

    @Sendable func received(_ id: String) {
        guard let id = DeliveryID(id) else { return }
        let now = ContinuousClock.now
        let bell = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.arrivals[id] == nil { state.arrivals[id] = now }
            guard state.arrivals.count >= state.awaited else { return nil }
            defer { (state.awaited, state.bell) = (.max, nil) }
            return state.bell
        }
        bell?.resume()
    }

    /// Returns once that many deliveries have arrived.
    func wait(for count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                guard state.arrivals.count < count else { return true }
                (state.awaited, state.bell) = (count, continuation)
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    var count: Int { state.withLock { $0.arrivals.count } }
    var arrivals: [DeliveryID: ContinuousClock.Instant] { state.withLock { $0.arrivals } }
}
