// SPDX-License-Identifier: Apache-2.0

/// Admission control: which waiting transfers may begin. It has a limit for all transfers and one for each key, and
/// admits in order of arrival.
///
/// When a key is at its limit, transfers of other keys pass it.
struct Admission<ID: Hashable> {
    private let limit: Int
    private let limitPerKey: Int
    private var running: [ID: String] = [:]
    private var lanes: [String: Lane] = [:]
    /// Keys with a waiting transfer and a free place, in round-robin order.
    private var ready: [String] = []

    private struct Lane {
        var running = 0
        var waiting: [ID] = []
        var isReady = false
    }

    init(limit: Int, limitPerKey: Int) {
        self.limit = max(1, limit)
        self.limitPerKey = max(1, limitPerKey)
    }

    /// Adds a transfer to the end of its key's line.
    mutating func enqueue(_ id: ID, key: String) {
        lanes[key, default: Lane()].waiting.append(id)
        offer(key)
    }

    /// Removes a transfer that waits or runs. Others may have become admissible: call ``admit()`` next.
    mutating func remove(_ id: ID, key: String) {
        guard var lane = lanes[key] else { return }
        if running.removeValue(forKey: id) != nil {
            lane.running -= 1
        } else {
            lane.waiting.removeAll { $0 == id }
        }
        lanes[key] = lane.running == 0 && lane.waiting.isEmpty && !lane.isReady ? nil : lane
        offer(key)
    }

    /// The next transfer to begin, now counted as running; `nil` when none may begin. Keys take turns.
    mutating func admit() -> ID? {
        while running.count < limit, !ready.isEmpty {
            let key = ready.removeFirst()
            guard var lane = lanes[key] else { continue }
            lane.isReady = false
            guard !lane.waiting.isEmpty else {
                lanes[key] = lane.running == 0 ? nil : lane
                continue
            }
            let id = lane.waiting.removeFirst()
            lane.running += 1
            running[id] = key
            lanes[key] = lane
            offer(key)
            return id
        }
        return nil
    }

    private mutating func offer(_ key: String) {
        guard var lane = lanes[key], !lane.isReady, !lane.waiting.isEmpty, lane.running < limitPerKey else { return }
        lane.isReady = true
        lanes[key] = lane
        ready.append(key)
    }
}
