// SPDX-License-Identifier: Apache-2.0

import Store
import Synchronization
import Worker

/// The readiness of the worker: the answer of `/readyz`.
final class WorkerHealth: Sendable {
    private let store: Store
    private let drain = Mutex<Drain?>(nil)

    init(store: Store) {
        self.store = store
    }

    /// Observes the drain from now on.
    func watch(_ drain: Drain) {
        self.drain.withLock { $0 = drain }
    }

    /// The reasons why it is not ready; empty: it is ready.
    @Sendable func reasons() async -> [String] {
        guard let drain = drain.withLock({ $0 }) else { return ["the worker is starting"] }
        guard drain.phase == .active else { return ["the worker is draining"] }
        do {
            _ = try await store.now()
            return []
        } catch {
            return ["the database does not answer"]
        }
    }
}
