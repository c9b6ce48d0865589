// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Why an execution is stopped.
package enum Interruption: Sendable, Hashable {
    /// A user canceled the job.
    case canceled
    /// The worker drains, and its deadline has passed.
    case drain
    /// The worker's lease is about to end.
    case leaseEnding
    /// The execution ran for longer than ``ExecutionLimits/wallClock``.
    case timeout
    /// The execution printed nothing for longer than ``ExecutionLimits/noOutput``.
    case noOutput
    /// A program printed or wrote more than a bound allows (``ChildBounds``); the message names the bound.
    case outOfBounds(String)
}

/// The limits of an execution.
package struct ExecutionLimits: Sendable, Hashable {
    /// From the execution's start to its interruption.
    package var wallClock: Duration
    /// From one output to the interruption for lack of another.
    package var noOutput: Duration
    /// From the interruption to the kill.
    package var interruptGrace: Duration
    /// The time after the grace that the guard has to end its child, before both are killed. A child can stop its
    /// guard, and the kernel can keep a dying process for long; the worker goes on nevertheless.
    package var guardGrace: Duration

    package init(
        wallClock: Duration = .seconds(3600),
        noOutput: Duration = .seconds(1200),
        interruptGrace: Duration = .seconds(120),
        guardGrace: Duration = .seconds(10)
    ) {
        self.wallClock = wallClock
        self.noOutput = noOutput
        self.interruptGrace = interruptGrace
        self.guardGrace = guardGrace
    }

    /// How long before the end of a lease, of which so much is left, an execution is interrupted, so that it can save its
    /// state.
    package static func margin(ofLease left: Duration) -> Duration {
        left / 3
    }
}

/// The caller's control over one running execution: stop it, or extend its lease.
///
/// The caller makes one per execution and passes it to the provisioner, which checks it at every step and passes the
/// lease on to the child's guard. All methods may be called from any thread, and never block.
package final class ExecutionControl: Sendable {
    /// The caller's requests so far.
    struct Request: Sendable, Hashable {
        var interruption: Interruption?
        var killed = false
        var lease: ContinuousClock.Instant
    }

    private struct State {
        var request: Request
        var observers: [Int: @Sendable () -> Void] = [:]
        var nextObserver = 0
    }

    package let limits: ExecutionLimits
    /// When the execution began.
    package let started: ContinuousClock.Instant
    private let state: Mutex<State>

    /// - Parameter leaseUntil: The end of the lease unless it is renewed. No process of the execution runs after it,
    ///   even if the worker is frozen or dead.
    package init(
        limits: ExecutionLimits = ExecutionLimits(),
        leaseUntil: ContinuousClock.Instant,
        started: ContinuousClock.Instant = .now
    ) {
        self.limits = limits
        self.started = started
        state = Mutex(State(request: Request(lease: leaseUntil)))
    }

    /// Asks the execution to end: its child is interrupted, and killed after ``ExecutionLimits/interruptGrace``.
    ///
    /// The first reason stays; later calls change nothing.
    package func interrupt(_ reason: Interruption) {
        change { if $0.interruption == nil { $0.interruption = reason } }
    }

    /// Stops the execution because it exceeded a bound. The build fails by that, whatever the child's status.
    func interrupt(over exceeded: BoundExceeded) {
        interrupt(.outOfBounds(exceeded.description))
    }

    /// - Throws: when the execution has exceeded a bound.
    func checkBounds() throws(ProvisioningFailure) {
        if case .outOfBounds? = interruption { try check() }
    }

    /// Ends the execution at once: its child and all descendants are killed. State already written is still returned.
    package func kill() {
        change {
            $0.killed = true
            // A kill means that the job was lost or that there is no time. It is not the end of the job, which
            // continues elsewhere.
            if $0.interruption == nil { $0.interruption = .leaseEnding }
        }
    }

    /// Extends the lease to `deadline`. An earlier deadline than the present one shortens it.
    package func renewLease(until deadline: ContinuousClock.Instant) {
        change { $0.lease = deadline }
    }

    /// Why the execution was stopped; `nil` while it may go on.
    package var interruption: Interruption? {
        request.interruption
    }

    /// The end of the lease unless it is renewed.
    package var leaseDeadline: ContinuousClock.Instant {
        request.lease
    }

    var request: Request {
        state.withLock { $0.request }
    }

    /// Calls `wake` after every change until the observation is removed, and once at once, so that no change is missed.
    func observe(_ wake: @escaping @Sendable () -> Void) -> Int {
        let id = state.withLock { state in
            state.nextObserver += 1
            state.observers[state.nextObserver] = wake
            return state.nextObserver
        }
        wake()
        return id
    }

    func removeObserver(_ id: Int) {
        state.withLock { $0.observers[id] = nil }
    }

    private func change(_ body: (inout Request) -> Void) {
        let observers = state.withLock { state in
            let before = state.request
            body(&state.request)
            return state.request == before ? [] : Array(state.observers.values)
        }
        for wake in observers { wake() }
    }
}
