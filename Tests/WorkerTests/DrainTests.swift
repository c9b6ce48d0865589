// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@testable import Worker

@Suite struct DrainTests {
    @Test func `phases go on and never back`() {
        let drain = Drain()
        drain.advance(to: .interrupting, final: false)
        drain.advance(to: .draining, final: false)
        #expect(drain.phase == .interrupting)
    }

    @Test func `a drain by command is undone by a resume`() {
        let drain = Drain()
        drain.advance(to: .draining, final: false)
        drain.resume()
        #expect(drain.phase == .active)
    }

    @Test func `nobody resumes a process that is to end`() {
        let drain = Drain()
        drain.advance(to: .draining, final: true)
        drain.resume()
        #expect(drain.phase == .draining)
        #expect(drain.isFinal)
    }

    @Test(.timeLimit(.minutes(1)))
    func `every change rings the bells`() async {
        let drain = Drain()
        let bell = Doorbell()
        drain.notify(bell)
        drain.advance(to: .draining, final: false)
        #expect(await bell.wait(atMost: .seconds(30)))
        drain.advance(to: .draining, final: false)
        #expect(await !bell.wait(atMost: .zero))
    }
}
