// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import PostgresClient

@Suite struct PoolStateMachineTests {
    private typealias State = PoolStateMachine<Int, String>

    private func text(_ acquisition: State.Acquisition) -> String {
        switch acquisition {
        case .granted(.session(let session)): "session \(session)"
        case .granted(.room): "room"
        case .mustWait: "wait"
        case .closed: "closed"
        }
    }

    private func text(_ resumption: (waiter: String, grant: State.Grant)?) -> String {
        guard let resumption else { return "nobody" }
        return "\(resumption.waiter): \(text(.granted(resumption.grant)))"
    }

    @Test func `there is room up to the size, then one must wait`() {
        var state = State(size: 2)
        #expect([state.acquire(), state.acquire(), state.acquire()].map(text) == ["room", "room", "wait"])
    }

    @Test func `the session used last is used next`() {
        var state = State(size: 2)
        _ = [state.acquire(), state.acquire()]
        #expect([state.release(1), state.release(2)].map(text) == ["nobody", "nobody"])
        #expect([state.acquire(), state.acquire()].map(text) == ["session 2", "session 1"])
    }

    @Test func `those who wait are served in order, and nobody overtakes them`() {
        var state = State(size: 1)
        _ = state.acquire()
        state.enqueue("first", id: 1)
        state.enqueue("second", id: 2)
        #expect(text(state.release(7)) == "first: session 7")
        #expect(text(state.acquire()) == "wait")
        #expect(text(state.release(nil)) == "second: room")
        #expect(text(state.release(8)) == "nobody")
        #expect(text(state.acquire()) == "session 8")
    }

    @Test func `who withdraws is not served`() {
        var state = State(size: 1)
        _ = state.acquire()
        state.enqueue("first", id: 1)
        state.enqueue("second", id: 2)
        #expect(state.withdraw(id: 1) == "first")
        #expect(state.withdraw(id: 1) == nil)
        #expect(text(state.release(7)) == "second: session 7")
    }

    @Test func `a useless session leaves room for another`() {
        var state = State(size: 1)
        _ = state.acquire()
        #expect(text(state.release(nil)) == "nobody")
        #expect(text(state.acquire()) == "room")
    }

    @Test func `a closed pool lets nobody in, and is drained when the last lease ends`() {
        var state = State(size: 3)
        _ = [state.acquire(), state.acquire(), state.acquire()]
        _ = state.release(1)
        _ = state.acquire()
        state.enqueue("waiting", id: 1)
        _ = state.release(2)
        #expect(text(state.release(3)) == "nobody")
        let closed = state.close()
        #expect(closed.idle == [3])
        #expect(closed.waiting == [])
        #expect(text(state.acquire()) == "closed")
        #expect(!state.isDrained)
        _ = state.release(1)
        #expect(!state.isDrained)
        _ = state.release(2)
        #expect(state.isDrained)
        #expect(state.idle == [])
    }
}
