// SPDX-License-Identifier: Apache-2.0

import Domain
import Testing
import Time

@testable import Store
@testable import Worker

/// Where a worker goes on looking for jobs.
@Suite struct QueueSearchTests {
    private let now = ContinuousClock.now

    private func job(_ second: Int64) -> ClaimedJob {
        let id = JobID(high: 1, low: UInt64(second))
        let due = Instant(seconds: second)
        return ClaimedJob(
            held: HeldJob(id: id, epoch: 1),
            type: .workspaceBuild,
            provisioner: OpenEnum(.echo),
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
        var search = QueueSearch()
        #expect(search.start(now: now, hint: nil) == nil)
    }

    @Test func `it goes on where it ended, and from the front after a second`() {
        var search = search(finding: [job(10), job(20)], isFull: true)
        #expect(search.start(now: now + .milliseconds(999), hint: nil) == job(20).place)
        #expect(search.start(now: now + .seconds(1), hint: nil) == nil)
    }

    @Test func `of news it looks where they say that jobs have come, and nowhere before`() throws {
        var search = search(finding: [job(10), job(20)], isFull: true)
        #expect(search.start(now: now, hint: job(15).place) == job(15).place)
        // They may be further back than it has come: all that lies between is looked at.
        #expect(search.start(now: now, hint: job(25).place) == job(20).place)
        #expect(search.start(now: now, hint: .front) == nil)
    }

    @Test func `what failed is looked for again, and the front later`() {
        var search = search(finding: [job(20)], isFull: true)
        search.fail(from: job(15).place, began: now, ended: now)
        #expect(search.start(now: now, hint: nil) == job(15).place)
        #expect(search.start(now: now, hint: nil) == job(20).place)
        let later = now + .seconds(5)
        search.fail(from: nil, began: now, ended: later)
        #expect(search.start(now: later + .seconds(49), hint: nil) == job(20).place)
        #expect(search.start(now: later + .seconds(50), hint: nil) == nil)
    }

    @Test func `a look from the front that takes long is made more seldom`() {
        var search = QueueSearch()
        search.advance(past: [job(10)], from: nil, isFull: true, began: now - .milliseconds(300), ended: now)
        #expect(search.start(now: now + .milliseconds(2_999), hint: nil) == job(10).place)
        #expect(search.start(now: now + .seconds(3), hint: nil) == nil)
    }

    @Test func `what stood before the place moves it back only when there may be more`() {
        var search = search(finding: [job(20)], isFull: true)
        search.advance(past: [job(5)], from: nil, isFull: false, began: now, ended: now)
        #expect(search.start(now: now, hint: nil) == job(20).place)
        search.advance(past: [job(6)], from: nil, isFull: true, began: now, ended: now)
        #expect(search.start(now: now, hint: nil) == job(6).place)
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
