// SPDX-License-Identifier: Apache-2.0

import Basics
import Synchronization
import Testing

/// Calls that share a batch. The batches end when the test says so.
@Suite(.timeLimit(.minutes(1))) struct GathererTests {
    /// Batches under way, in the order in which they began.
    private final class Desk: Sendable {
        struct Batch: Sendable {
            let requests: [Int]
            let end: CheckedContinuation<Void, Never>
        }

        let (batches, feed) = AsyncStream.makeStream(of: Batch.self)

        func perform(_ requests: [Int]) async -> [Result<String, any Error>] {
            await withCheckedContinuation { _ = feed.yield(Batch(requests: requests, end: $0)) }
            return requests.map { $0 < 0 ? .failure(Refused(number: $0)) : .success("\($0)") }
        }
    }

    private struct Refused: Error, Equatable {
        let number: Int
    }

    private func call(_ gatherer: Gatherer<Int, String>, _ number: Int) -> Task<String, any Error> {
        Task { try await gatherer(number) }
    }

    @Test func `a call alone goes at once, and those behind it go together`() async throws {
        let desk = Desk()
        let gatherer = Gatherer<Int, String>(lanes: 1, limit: 3) { await desk.perform($0) }
        var batches = desk.batches.makeAsyncIterator()
        let first = call(gatherer, 1)
        let alone = try #require(await batches.next())
        #expect(alone.requests == [1])
        let others = (2...6).map { call(gatherer, $0) }
        try await waiting(5, in: gatherer)
        alone.end.resume()
        let second = try #require(await batches.next())
        second.end.resume()
        let third = try #require(await batches.next())
        third.end.resume()
        #expect(second.requests.count == 3)
        #expect(Set(second.requests + third.requests) == [2, 3, 4, 5, 6])
        #expect(try await first.value == "1")
        for (number, other) in zip(2...6, others) { #expect(try await other.value == "\(number)") }
    }

    @Test func `each call gets its own answer or error`() async throws {
        let desk = Desk()
        let gatherer = Gatherer<Int, String>(lanes: 1, limit: 10) { await desk.perform($0) }
        var batches = desk.batches.makeAsyncIterator()
        let first = call(gatherer, 1)
        let alone = try #require(await batches.next())
        let (good, bad) = (call(gatherer, 2), call(gatherer, -3))
        try await waiting(2, in: gatherer)
        alone.end.resume()
        try #require(await batches.next()).end.resume()
        #expect(try await first.value == "1")
        #expect(try await good.value == "2")
        #expect(await #expect(throws: Refused.self) { try await bad.value } == Refused(number: -3))
    }

    @Test func `a canceled call leaves those that wait, and not those that are under way`() async throws {
        let desk = Desk()
        let gatherer = Gatherer<Int, String>(lanes: 1, limit: 10) { await desk.perform($0) }
        var batches = desk.batches.makeAsyncIterator()
        let first = call(gatherer, 1)
        let alone = try #require(await batches.next())
        let (leaves, stays) = (call(gatherer, 2), call(gatherer, 3))
        try await waiting(2, in: gatherer)
        leaves.cancel()
        first.cancel()
        await #expect(throws: CancellationError.self) { try await leaves.value }
        alone.end.resume()
        let next = try #require(await batches.next())
        #expect(next.requests == [3])
        next.end.resume()
        #expect(try await first.value == "1")
        #expect(try await stays.value == "3")
    }

    @Test func `so many batches are under way as there are lanes`() async throws {
        let desk = Desk()
        let gatherer = Gatherer<Int, String>(lanes: 2, limit: 10) { await desk.perform($0) }
        var batches = desk.batches.makeAsyncIterator()
        let calls = (1...4).map { call(gatherer, $0) }
        let (one, two) = (try #require(await batches.next()), try #require(await batches.next()))
        #expect(one.requests.count == 1 && two.requests.count == 1)
        try await waiting(2, in: gatherer)
        one.end.resume()
        let three = try #require(await batches.next())
        #expect(three.requests.count == 2)
        two.end.resume()
        three.end.resume()
        for (number, call) in zip(1...4, calls) { #expect(try await call.value == "\(number)") }
    }

    private func waiting(_ count: Int, in gatherer: Gatherer<Int, String>) async throws {
        while gatherer.waitingCalls < count { await Task.yield() }
    }
}
