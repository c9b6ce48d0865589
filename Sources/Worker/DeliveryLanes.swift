// SPDX-License-Identifier: Apache-2.0

package import Domain
import Synchronization

/// The deliveries that a worker has in hand, in one lane for each endpoint: so many on their way at once, the others
/// behind them in line. What happens in one lane delays no other.
package final class DeliveryLanes: Sendable {
    private struct Lane {
        var limit = 1
        var inHand = 0
        var running = 0
        var waiting: [CheckedContinuation<Bool, Never>] = []
        /// How long an attempt takes, the newest counting most.
        var pace = Duration.zero

        /// How many may be in hand: as many as leave, at the lane's pace, within the time.
        func capacity(within time: Duration, most: Int) -> Int {
            guard pace > .zero else { return min(limit * 2, most) }
            return min(max(Int(Double(limit) * (time / pace)), limit), most)
        }
    }

    private let lanes = Mutex<[EndpointID: Lane]>([:])
    /// What is in hand of one endpoint has left within this time, should the endpoint go on as it does.
    private let time: Duration
    /// No lane holds more.
    private let most: Int

    package init(time: Duration, most: Int = 256) {
        self.time = time
        self.most = most
    }

    /// How many more each endpoint's lane can take; endpoints it does not name have none in hand.
    package var room: [EndpointID: Int] {
        lanes.withLock { lanes in
            lanes.mapValues { max($0.capacity(within: time, most: most) - $0.inHand, 0) }
        }
    }

    /// How many deliveries are in hand, of all endpoints.
    package var count: Int { lanes.withLock { $0.values.reduce(0) { $0 + $1.inHand } } }

    /// How many wait for their turn in the lane.
    package func inLine(_ endpoint: EndpointID) -> Int { lanes.withLock { $0[endpoint]?.waiting.count ?? 0 } }

    /// Takes a delivery in hand.
    ///
    /// - Parameter limit: How many of the endpoint's may be on their way at once.
    package func take(_ endpoint: EndpointID, limit: Int) {
        lanes.withLock { lanes in
            lanes[endpoint, default: Lane()].limit = max(limit, 1)
            lanes[endpoint]?.inHand += 1
        }
    }

    /// Waits for a delivery's turn. False: it is not to be sent, the lane was cleared. Either way ``leave(_:after:)``
    /// must follow when it was true, and ``drop(_:)`` when not.
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

    /// A delivery's turn has ended; the next in line has its own.
    ///
    /// - Parameter duration: How long its attempt took; `nil` when none was made.
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

    /// A delivery is no longer in hand, and was not sent.
    package func drop(_ endpoint: EndpointID) {
        lanes.withLock { $0[endpoint]?.inHand -= 1 }
    }

    /// Sends away all that wait in the lane, or in every lane.
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
