// SPDX-License-Identifier: Apache-2.0

import Prebuilds
import Store
import Testing

@testable import Worker

/// Where a worker goes on looking for jobs.
@Suite struct QueueSearchTests {
    private let now = ContinuousClock.now

    private func job(_ second: Int64) -> ClaimedJob {
        let id = JobID(high: 1, low: UInt64(second))
        let due = Instant(seconds: second)
        return ClaimedJob(
            id: id,
            epoch: 1,
            type: .workspaceBuild,
            provisioner: "echo",
            jobClass: .pool,
            availableAt: due,
            startedAt: due,
            place: QueuePlace(order: due, job: id)
        )
    }

    /// A search that has just looked from the front, for a millisecond, and found the jobs.
    private func search(finding jobs: [ClaimedJob], isFull: Bool) -> QueueSearch {
        var search = QueueSearch()
        search.advance(past: jobs, from: nil, isFull: isFull, began: now - .milliseconds(1), ended: now)
        return search
    }

    @Test func `it begins at the front`() {
        #expect(QueueSearch().start(now: now, hasNews: false) == nil)
    }

    @Test func `it goes on where it ended, and from the front after a second or when there is news`() {
        let search = search(finding: [job(10), job(20)], isFull: true)
        #expect(search.start(now: now + .milliseconds(999), hasNews: false) == job(20).place)
        #expect(search.start(now: now + .milliseconds(999), hasNews: true) == nil)
        #expect(search.start(now: now + .seconds(1), hasNews: false) == nil)
    }

    @Test func `a look from the front that takes long is made more seldom`() {
        var search = QueueSearch()
        search.advance(past: [job(10)], from: nil, isFull: true, began: now - .milliseconds(300), ended: now)
        #expect(search.start(now: now + .milliseconds(2_999), hasNews: false) == job(10).place)
        #expect(search.start(now: now + .seconds(3), hasNews: false) == nil)
    }

    @Test func `what stood before the place moves it back only when there may be more`() {
        var search = search(finding: [job(20)], isFull: true)
        search.advance(past: [job(5)], from: nil, isFull: false, began: now, ended: now)
        #expect(search.start(now: now, hasNews: false) == job(20).place)
        search.advance(past: [job(6)], from: nil, isFull: true, began: now, ended: now)
        #expect(search.start(now: now, hasNews: false) == job(6).place)
    }

    @Test func `it pauses for longer while it finds nothing, but never beyond the next look at the front`() {
        var search = search(finding: [job(10)], isFull: false)
        #expect((0.8...1.2).contains(search.pause(hasFound: true, now: now) / .seconds(1)))
        #expect((1.6...2.4).contains(search.pause(hasFound: false, now: now) / .seconds(1)))
        #expect((3.2...4.8).contains(search.pause(hasFound: false, now: now) / .seconds(1)))
        #expect((4...6).contains(search.pause(hasFound: false, now: now) / .seconds(1)))
        #expect((4...6).contains(search.pause(hasFound: false, now: now) / .seconds(1)))
        search.advance(past: [], from: job(10).place, isFull: false, began: now, ended: now)
        #expect(search.pause(hasFound: false, now: now + .milliseconds(400)) == .milliseconds(600))
    }
}
