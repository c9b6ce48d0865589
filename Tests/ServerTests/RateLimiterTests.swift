// SPDX-License-Identifier: Apache-2.0

import Server
import Testing

@Suite struct RateLimiterTests {
    private let start = ContinuousClock.now

    @Test func `a bucket holds two seconds' worth and fills steadily`() {
        let limiter = RateLimiter(rate: 2)
        let key = RateLimiter.Key.address("192.0.2.1")
        #expect((0..<5).map { _ in limiter.admit(key, at: start) } == [nil, nil, nil, nil, 1])
        #expect(limiter.admit(key, at: start + .milliseconds(499)) == 1)
        #expect(limiter.admit(key, at: start + .milliseconds(500)) == nil)
        #expect(limiter.admit(key, at: start + .milliseconds(500)) == 1)
        // No longer rest fills it further.
        let later = start + .seconds(3600)
        #expect((0..<5).map { _ in limiter.admit(key, at: later) } == [nil, nil, nil, nil, 1])
    }

    @Test func `one caller's haste is nobody else's`() {
        let limiter = RateLimiter(rate: 1)
        for _ in 0..<3 { _ = limiter.admit(.address("192.0.2.1"), at: start) }
        #expect(limiter.admit(.address("192.0.2.1"), at: start) == 1)
        #expect(limiter.admit(.address("192.0.2.2"), at: start) == nil)
        #expect(limiter.knows([1]) == false)
        limiter.know([1], at: start)
        #expect(limiter.knows([1]))
        #expect((0..<3).map { _ in limiter.admit(.token([1]), at: start) } == [nil, nil, 1])
        // To be known again gives nothing back.
        limiter.know([1], at: start)
        #expect(limiter.admit(.token([1]), at: start) == 1)
    }

    @Test func `callers without number leave no memory behind`() {
        let limiter = RateLimiter(rate: 1)
        for number in 0..<10_001 { _ = limiter.admit(.address("\(number)"), at: start) }
        #expect(limiter.size > 10_000)
        _ = limiter.admit(.address("one more"), at: start + .seconds(10))
        #expect(limiter.size == 1)
    }

    @Test func `zero is no limit`() {
        let limiter = RateLimiter(rate: 0)
        #expect((0..<1000).allSatisfy { _ in limiter.admit(.address("192.0.2.1"), at: start) == nil })
    }
}
