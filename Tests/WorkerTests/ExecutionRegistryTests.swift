// SPDX-License-Identifier: Apache-2.0

import Domain
import Provisioning
import Store
import Testing

@testable import Worker

/// Who is meant by orders, and who is held.
@Suite struct ExecutionRegistryTests {
    private let first = HeldJob(id: JobID(high: 1, low: 1), epoch: 1)
    private let next = HeldJob(id: JobID(high: 1, low: 1), epoch: 3)

    @Test func `an execution that leaves takes no other one of the same job with it`() {
        let registry = ExecutionRegistry(leaseUntil: .now + .seconds(60))
        _ = registry.enter(first, limits: ExecutionLimits())
        // It has handed the job back, and this worker has claimed it again before it was gone.
        let control = registry.enter(next, limits: ExecutionLimits())
        #expect(registry.count == 2)
        registry.leave(first)
        #expect(registry.held == [next])
        let later = ContinuousClock.now + .seconds(90)
        registry.renew(until: later)
        #expect(control.leaseDeadline == later)
        registry.interrupt(.drain)
        #expect(control.interruption == .drain)
    }

    @Test func `a claim that is under way is something to do, until what it brought is`() {
        let registry = ExecutionRegistry(leaseUntil: .now + .seconds(60))
        #expect(registry.isIdle)
        registry.setClaiming(true)
        #expect(!registry.isIdle)
        _ = registry.enter(first, limits: ExecutionLimits())
        registry.setClaiming(false)
        #expect(!registry.isIdle)
        registry.leave(first)
        #expect(registry.isIdle)
    }

    @Test func `orders for an execution reach no other one of the same job`() {
        let registry = ExecutionRegistry(leaseUntil: .now + .seconds(60))
        let old = registry.enter(first, limits: ExecutionLimits())
        let new = registry.enter(next, limits: ExecutionLimits())
        registry.kill(only: [first])
        registry.interrupt(.canceled, only: [first])
        #expect(old.interruption == .leaseEnding)
        #expect(new.interruption == nil)
    }
}
