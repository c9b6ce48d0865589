// SPDX-License-Identifier: Apache-2.0

import Operations
import Synchronization
import Testing

@testable import Commands

/// What a command that waits writes, on a terminal and elsewhere.
@Suite struct WaitDisplayTests {
    private final class Paper: Sendable {
        private let state = Mutex("")
        var text: String { state.withLock(\.self) }
        func write(_ text: String) { state.withLock { $0 += text } }
    }

    private func display(isTerminal: Bool) -> (WaitDisplay, Paper) {
        let paper = Paper()
        return (WaitDisplay(isTerminal: isTerminal) { paper.write($0) }, paper)
    }

    private let maintenance = WaitReason("maintenance", "the fleet is in maintenance, by ada", until: nil)
    private let busy = WaitReason("busy", "all 2 slots are taken, and 3 jobs are before it")

    @Test func `each reason is said once, in whole lines and without escapes, where there is no terminal`() {
        let (display, paper) = display(isTerminal: false)
        display.show("Waiting 1 s")
        display.tell([maintenance])
        display.tell([maintenance])
        display.tell([busy])
        display.tell([WaitReason("busy", "all 2 slots are taken, and 1 jobs are before it")])
        display.interrupting { paper.write("a line of the log\n") }
        display.say("The build succeeded in 3 s.")
        display.end()
        #expect(
            paper.text == """
                Waiting: the fleet is in maintenance, by ada. 'stoker maintenance stop' ends it.
                Waiting: all 2 slots are taken, and 3 jobs are before it.
                a line of the log
                The build succeeded in 3 s.

                """
        )
    }

    @Test func `that nothing holds a job up is said when it lasts`() {
        let (display, paper) = display(isTerminal: false)
        let next = WaitReason("next", "nothing holds it up; 0 jobs are before it")
        let now = ContinuousClock.now
        display.tell([next], now: now)
        display.tell([next], now: now + .seconds(1))
        #expect(paper.text == "")
        display.tell([next], now: now + .seconds(1.6))
        #expect(paper.text == "Waiting: nothing holds it up; 0 jobs are before it.\n")
    }

    @Test func `a terminal has one line that is kept current, below all others`() {
        let (display, paper) = display(isTerminal: true)
        display.show("Waiting 1 s:\u{1b}[2J\nx")
        display.tell([busy])
        display.end()
        display.end()
        let line = "\r\u{1b}[K\u{1b}[?7lWaiting 1 s:\\u001b[2J\\nx\u{1b}[?7h"
        #expect(
            paper.text
                == line + "\r\u{1b}[KWaiting: all 2 slots are taken, and 3 jobs are before it.\n" + line + "\r\u{1b}[K"
        )
    }

    @Test(arguments: [(0, "0 s"), (59, "59 s"), (184, "3 min 4 s"), (7_500, "2 h 5 min")])
    func `times are told in the units that matter`(seconds: Int, text: String) {
        #expect(Elapsed.text(.seconds(seconds)) == text)
    }
}
