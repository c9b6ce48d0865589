// SPDX-License-Identifier: Apache-2.0

import Basics
import TestSupport
import Testing

@Suite struct DoorbellTests {
    @Test(.timeLimit(.minutes(1)))
    func `a ring wakes the waiter`() async throws {
        let bell = Doorbell()
        let woken = TestSignal<Void>()
        let waiting = Task {
            await bell.wait()
            woken.send(())
        }
        bell.ring()
        try await woken.next("the waiter")
        await waiting.value
    }

    @Test(.timeLimit(.minutes(1)))
    func `rings that nobody awaits are remembered as one`() async {
        let bell = Doorbell()
        bell.ring()
        bell.ring()
        #expect(await bell.wait(atMost: .seconds(30)))
        #expect(await bell.wait(atMost: .zero) == false)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a waiter that is canceled leaves no ring behind`() async {
        let bell = Doorbell()
        let waiting = Task { _ = await bell.wait() }
        waiting.cancel()
        await waiting.value
        #expect(await bell.wait(atMost: .zero) == false)
    }
}
