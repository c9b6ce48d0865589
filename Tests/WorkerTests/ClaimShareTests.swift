// SPDX-License-Identifier: Apache-2.0

import Prebuilds
import Store
import Testing

@testable import Worker

/// How a claim is divided among two round trips.
@Suite struct ClaimShareTests {
    private func jobs(_ count: Int) -> [HeldJob] {
        (0..<count).map { HeldJob(id: JobID(high: 1, low: UInt64($0)), epoch: 1) }
    }

    @Test func `halves make up the whole`() throws {
        let whole = ClaimShare(finishing: jobs(151), limit: 201, poolLimit: 99)
        let (half, rest) = try #require(whole.halves)
        #expect(half == ClaimShare(finishing: Array(jobs(151).prefix(75)), limit: 100, poolLimit: 49))
        #expect(rest == ClaimShare(finishing: Array(jobs(151).dropFirst(75)), limit: 101, poolLimit: 50))
    }

    @Test func `what is small stays whole`() {
        #expect(ClaimShare(finishing: jobs(200), limit: 99, poolLimit: 99).halves == nil)
        #expect(ClaimShare(finishing: jobs(200), limit: 0, poolLimit: 0).halves == nil)
    }
}
