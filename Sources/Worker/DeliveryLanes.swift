// SPDX-License-Identifier: Apache-2.0

package import Domain
import Synchronization

/// The deliveries that a worker holds, in one lane for each endpoint with its own concurrency limit, so that a slow
/// endpoint delays no other.
package final class DeliveryLanes: Sendable {
    private struct Lane {
        var limit = 1
        var inHand = 0
        var running = 0
        var waiting: [CheckedContinuation<Bool, Never>] = []
        /// The duration of an attempt, as a moving average.
        var pace = Duration.zero

        /// How many deliveries the lane may hold: as many as can be sent within the time at its pace.
        func capacity(within time: Duration, most: Int) -> Int {
            guard pace > .zero else { return min(limit * 2, most) }
            return min(max(Int(Double(limit) * (time / pace)), limit), most)
        }
    }

    private let lanes = Mutex<[EndpointID: Lane]>([:])
    /// The time in which a lane shall be able to send all its deliveries.
    private let time: Duration
    /// The maximum for any lane.
    private let most: Int

    package init(time: Duration, most: Int = 256) {
        self.time = time
        self.most = most
    }

    /// How many more deliveries each endpoint's lane can take; unnamed endpoints have none yet.
    package var room: [EndpointID: Int] {
        lanes.withLock { lanes in
            lanes.mapValues { max($0.capacity(within: time, most: most) - $0.inHand, 0) }
        }
    }

    /// How many deliveries are in hand, of all endpoints.
    package var count: Int { lanes.withLock { $0.values.reduce(0) { $0 + $1.inHand } } }

    /// How many deliveries wait in the lane.
    package func inLine(_ endpoint: EndpointID) -> Int { lanes.withLock { $0[endpoint]?.waiting.count ?? 0 } }

    /// Adds a delivery to its lane.
    ///
    /// - Parameter limit: The endpoint's limit of simultaneous requests.
    package func take(_ endpoint: EndpointID, limit: Int) {
        lanes.withLock { lanes in
            lanes[endpoint, default: Lane()].limit = min(max(limit, 1), most)
            lanes[endpoint]?.inHand += 1
        }
    }

    /// Waits until a delivery may be sent. False: the lane was cleared, and it shall not be sent. Call
    /// ``leave(_:after:)`` afterwards when it was true, and ``drop(_:)`` when it was false.
    package func enter(_ endpoint: EndpointID) async -> Bool {
        await withCheckedContinuation { continuation in
            let enters = lanes.withLock { lanes in
                guard var lane = lanes[endpoint], lane.running >= lane.limit else {
                    lanes[endpoint]?.running += 1
                    return true
                }
                lane.waiting.append(continuation)
                lanes[endpoint] = lane
                return false
            }
            if enters { continuation.resume(returning: true) }
        }
    }

    /// Ends a delivery's request; the next in line may start.
    ///
    /// - Parameter duration: The duration of its attempt; `nil` when there was none.
    package func leave(_ endpoint: EndpointID, after duration: Duration?) {
        let next = lanes.withLock { lanes -> CheckedContinuation<Bool, Never>? in
            guard var lane = lanes[endpoint] else { return nil }
            lane.inHand -= 1
            if let duration { lane.pace = lane.pace == .zero ? duration : (lane.pace * 3 + duration) / 4 }
            let next = lane.waiting.isEmpty ? nil : lane.waiting.removeFirst()
            if next == nil { lane.running -= 1 }
            lanes[endpoint] = lane
            return next
        }
        next?.resume(returning: true)
    }

    /// Removes a delivery that was not sent.
    package func drop(_ endpoint: EndpointID) {
        lanes.withLock { $0[endpoint]?.inHand -= 1 }
    }

    /// Dismisses all waiting deliveries of the lane, or of every lane.
    package func clear(_ endpoint: EndpointID? = nil) {
        let dismissed = lanes.withLock { lanes in
            lanes.keys.filter { endpoint == nil || $0 == endpoint }.flatMap { key in
                let waiting = lanes[key]?.waiting ?? []
                lanes[key]?.waiting = []
                return waiting
            }
        }
        for waiter in dismissed { waiter.resume(returning: false) }
    }
}
