// SPDX-License-Identifier: Apache-2.0

import Domain
import Provisioning
import Store
import Synchronization
import Time

/// The executions of this worker: the lease is renewed for them, and cancel requests reach them here.
///
/// A job may have two for a moment: one that has handed it back and is about to leave, and the next one.
final class ExecutionRegistry: Sendable {
    private struct State {
        var executions: [HeldJob: ExecutionControl] = [:]
        var leaseUntil: ContinuousClock.Instant
        var isClaiming = false
    }

    private let state: Mutex<State>

    init(leaseUntil: ContinuousClock.Instant) {
        state = Mutex(State(executions: [:], leaseUntil: leaseUntil))
    }

    var held: [HeldJob] { state.withLock { Array($0.executions.keys) } }
    var count: Int { state.withLock { $0.executions.count } }
    /// Nothing runs, and no claim is in progress.
    var isIdle: Bool { state.withLock { $0.executions.isEmpty && !$0.isClaiming } }
    /// The end of the worker's lease on the monotonic clock, unless renewed.
    var leaseUntil: ContinuousClock.Instant { state.withLock { $0.leaseUntil } }

    /// True from before a claim until its jobs have entered.
    func setClaiming(_ isClaiming: Bool) {
        state.withLock { $0.isClaiming = isClaiming }
    }

    /// Adds an execution; its control starts with the present lease.
    func enter(_ job: HeldJob, limits: ExecutionLimits) -> ExecutionControl {
        state.withLock { state in
            let control = ExecutionControl(limits: limits, leaseUntil: state.leaseUntil)
            state.executions[job] = control
            return control
        }
    }

    func leave(_ job: HeldJob) {
        state.withLock { $0.executions[job] = nil }
    }

    /// Extends the lease of every execution.
    func renew(until deadline: ContinuousClock.Instant) {
        for control in controls({ $0.leaseUntil = deadline }) { control.renewLease(until: deadline) }
    }

    func interrupt(_ reason: Interruption, only jobs: [HeldJob]? = nil) {
        for control in controls(of: jobs) { control.interrupt(reason) }
    }

    func kill(only jobs: [HeldJob]? = nil) {
        for control in controls(of: jobs) { control.kill() }
    }

    private func controls(of jobs: [HeldJob]? = nil, _ body: (inout State) -> Void = { _ in }) -> [ExecutionControl] {
        state.withLock { state in
            body(&state)
            guard let jobs else { return Array(state.executions.values) }
            return jobs.compactMap { state.executions[$0] }
        }
    }

    private func controls(_ body: (inout State) -> Void) -> [ExecutionControl] {
        controls(of: nil, body)
    }
}
