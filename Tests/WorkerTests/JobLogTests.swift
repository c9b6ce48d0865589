// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Provisioning
import Store
import TestSupport
import Testing

@testable import Worker

/// What is kept of a job's log, and how it gets to the database.
@Suite(.timeLimit(.minutes(1))) struct JobLogTests {
    private struct Away: Error {}

    /// A log, and what has been written of it.
    private struct Written: Sendable {
        let lines = WatchedState<[String]>([])
        let failures = WatchedState(0)
        /// How long the kept part of a cut stage is.
        let stages = WatchedState<Set<Int>>([])
        let log: JobLog

        init() {
            log = JobLog(
                logger: TestPools.logger,
                write: { [lines, failures, stages] new in
                    let fails = failures.update { left in
                        defer { left = max(left - 1, 0) }
                        return left > 0
                    }
                    if fails { throw Away() }
                    lines.update { $0 += new.map(\.output) }
                    let cut = new.map { $0.stage.prefix { $0 == "s" }.utf8.count }.filter { $0 > 0 }
                    stages.update { $0.formUnion(cut) }
                    return true
                },
                onLost: {}
            )
        }

        func append(_ count: Int, _ text: (Int) -> String) {
            for number in 0..<count {
                log.append(LogLine(level: .info, stage: "", output: text(number)))
            }
        }

        /// Everything that was kept.
        func finished() async -> [String] {
            await log.finish(until: .now + .seconds(30))
            return lines.current
        }
    }

    @Test func `a log keeps its beginning and its end, in order, and says how much is missing between them`() async {
        let written = Written()
        let count = 30_000
        written.append(count) { "line \($0) \(String(repeating: "x", count: 50))" }
        let lines = await written.finished()
        let gap = lines.firstIndex { $0.contains("are left out here") }
        let head = lines.prefix(gap ?? 0)
        let tail = lines.suffix(from: (gap ?? 0) + 1)
        let number = { (line: String) in line.split(separator: " ").dropFirst().first.flatMap { Int($0) } }
        #expect(head.map(number) == (0..<head.count).map(Optional.some))
        #expect(tail.map(number) == (count - tail.count..<count).map(Optional.some))
        #expect(lines[gap ?? 0].hasPrefix("\(count - head.count - tail.count) lines ("))
        let text = { (lines: ArraySlice<String>) in lines.reduce(0) { $0 + $1.utf8.count } }
        for kept in [text(head), text(tail)] { #expect((200_000...524_288).contains(kept)) }
    }

    @Test(arguments: ["", "y"])
    func `lines without text cost as well, so that no program fills the memory with them`(text: String) async {
        let written = Written()
        written.append(400_000) { _ in text }
        #expect(await written.finished().count < 20_000)
    }

    @Test func `the stage of a line counts as its text does, and neither is longer than it may be`() async {
        let written = Written()
        for _ in 0..<20_000 {
            written.log.append(LogLine(level: .info, stage: String(repeating: "s", count: 9_000), output: "x"))
        }
        #expect(await written.finished().count < 5_000)
        #expect(written.stages.current == [ChildBounds.nameBytes])
        let long = Written()
        long.append(1) { _ in String(repeating: "y", count: 40_000_000) }
        #expect(await long.finished().map { $0.utf8.count < ChildBounds.lineBytes + 100 } == [true])
    }

    @Test func `a short line behind long ones stays behind them`() async {
        let written = Written()
        written.append(9) { _ in String(repeating: "x", count: 60_000) }
        written.append(1) { _ in "the end" }
        #expect(await written.finished().last == "the end")
    }

    @Test func `what could not be written is written again, in order, as long as there is time`() async {
        let written = Written()
        written.failures.update { $0 = 6 }
        written.append(3) { "line \($0)" }
        #expect(await written.finished() == ["line 0", "line 1", "line 2"])
    }
}
