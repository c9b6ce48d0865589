// SPDX-License-Identifier: Apache-2.0

import Operations
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
        let (one, other) = (RateLimiter.Key.caller(.machine("one")), RateLimiter.Key.caller(.machine("other")))
        #expect((0..<3).map { _ in limiter.admit(one, at: start) } == [nil, nil, 1])
        #expect(limiter.admit(other, at: start) == nil)
    }

    @Test func `however many tokens, they are one caller's`() {
        let limiter = RateLimiter(rate: 1)
        let caller = RateLimiter.Key.caller(.machine("one"))
        #expect(limiter.holder(of: [1]) == nil)
        for token in UInt8(1)...3 { limiter.know([token], as: caller) }
        let answers = (UInt8(1)...3).map { limiter.holder(of: [$0]).map { limiter.admit($0, at: start) } }
        #expect(answers == [.some(nil), .some(nil), .some(1)])
        limiter.forget([1])
        #expect(limiter.holder(of: [1]) == nil && limiter.holder(of: [2]) == caller)
    }

    @Test func `what is given back can be taken again, and is never more than there was`() {
        let limiter = RateLimiter(rate: 1)
        let address = RateLimiter.Key.address("192.0.2.1")
        #expect((0..<3).map { _ in limiter.admit(address, at: start) } == [nil, nil, 1])
        limiter.giveBack(address, at: start)
        #expect((0..<2).map { _ in limiter.admit(address, at: start) } == [nil, 1])
        for _ in 0..<9 { limiter.giveBack(address, at: start) }
        #expect((0..<3).map { _ in limiter.admit(address, at: start) } == [nil, nil, 1])
    }

    @Test func `callers without number leave no memory behind`() {
        let limiter = RateLimiter(rate: 1)
        for number in 0..<10_001 { _ = limiter.admit(.address("\(number)"), at: start) }
        #expect(limiter.size > 10_000)
        for number in 0..<30_000 { limiter.know(Array("\(number)".utf8), as: .caller(.machine("m"))) }
        #expect((0..<30_000).count { limiter.holder(of: Array("\($0)".utf8)) != nil } <= 10_000)
        _ = limiter.admit(.address("one more"), at: start + .seconds(10))
        #expect(limiter.size == 1)
    }

    @Test func `zero is no limit`() {
        let limiter = RateLimiter(rate: 0)
        #expect((0..<1000).allSatisfy { _ in limiter.admit(.address("192.0.2.1"), at: start) == nil })
    }
}
