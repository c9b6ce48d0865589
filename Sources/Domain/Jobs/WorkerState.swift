// SPDX-License-Identifier: Apache-2.0

/// A worker's state; the raw values are the database's enum `worker_state`.
package enum WorkerState: String, Hashable, Sendable, Codable, CaseIterable {
    case active, draining, drained
    /// Its lease has expired, and its jobs were taken from it.
    case lost
}
