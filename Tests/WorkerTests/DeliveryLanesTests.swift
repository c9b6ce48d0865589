// SPDX-License-Identifier: Apache-2.0

import Domain
import TestSupport
import Testing

@testable import Worker

@Suite(.timeLimit(.minutes(1))) struct DeliveryLanesTests {
    private let one = EndpointID.random()
    private let other = EndpointID.random()

    @Test func `room follows the endpoint's pace`() async {
        let lanes = DeliveryLanes(time: .seconds(20), most: 100)
        #expect(lanes.room == [:])
        for _ in 0..<3 { lanes.take(one, limit: 4) }
        // Twice the limit, as long as nothing is known.
        #expect(lanes.room == [one: 5])
        #expect(await lanes.enter(one))
        lanes.leave(one, after: .seconds(2))
        // 4 at once, 2 seconds each: 40 in 20 seconds.
        #expect(lanes.room == [one: 38])
        #expect(await lanes.enter(one))
        lanes.leave(one, after: .seconds(2000))
        // Never fewer than may be on their way at once.
        #expect(lanes.room == [one: 3])
        lanes.drop(one)
        #expect(lanes.room == [one: 4])
        #expect(lanes.count == 0)
    }

    @Test func `so many enter at once, the others in order, and another lane is free`() async throws {
        let lanes = DeliveryLanes(time: .seconds(20))
        let entered = TestSignal<String>()
        for _ in 0..<3 { lanes.take(one, limit: 2) }
        lanes.take(other, limit: 2)
        #expect(await lanes.enter(one))
        #expect(await lanes.enter(one))
        let third = Task {
            let enters = await lanes.enter(one)
            entered.send("third \(enters)")
        }
        #expect(await lanes.enter(other))
        entered.send("other")
        #expect(try await entered.next() == "other")
        lanes.leave(one, after: .milliseconds(1))
        #expect(try await entered.next() == "third true")
        await third.value
    }

    @Test func `clearing a lane sends away those in line, and no one else`() async throws {
        let lanes = DeliveryLanes(time: .seconds(20))
        for endpoint in [one, other] {
            for _ in 0..<2 { lanes.take(endpoint, limit: 1) }
            #expect(await lanes.enter(endpoint))
        }
        let waiters = [one, other].map { endpoint in Task { await lanes.enter(endpoint) } }
        while lanes.inLine(one) + lanes.inLine(other) < 2 { await Task.yield() }
        lanes.clear(one)
        #expect(await waiters[0].value == false)
        lanes.leave(other, after: .milliseconds(1))
        #expect(await waiters[1].value)
        lanes.clear()
    }
}
