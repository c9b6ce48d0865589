// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Why an execution is made to stop.
package enum Interruption: Sendable, Hashable {
    /// Somebody canceled the job.
    case canceled
    /// The worker drains, and its deadline has come.
    case drain
    /// The worker's lease is about to end.
    case leaseEnding
    /// The execution ran for longer than ``ExecutionLimits/wallClock``.
    case timeout
    /// The execution printed nothing for longer than ``ExecutionLimits/noOutput``.
    case noOutput
    /// What it said or wrote exceeds a bound (``ChildBounds``), which this names.
    case outOfBounds(String)
}

/// How long an execution may take.
package struct ExecutionLimits: Sendable, Hashable {
    /// From the execution's start to its interruption.
    package var wallClock: Duration
    /// From one output to the interruption for want of the next.
    package var noOutput: Duration
    /// From the interruption to the kill.
    package var interruptGrace: Duration
    /// How long before the lease's end the child is interrupted, so that it can save its state; a third of what is
    /// left when the lease is shorter.
    package var leaseMargin: Duration
    /// How much longer than the grace the guard may take to end its child, before both are killed. A child can stop its guard,
    /// and the kernel can hold a dying process for long; the worker answers all the same.
    package var guardPatience: Duration

    package init(
        wallClock: Duration = .seconds(3600),
        noOutput: Duration = .seconds(1200),
        interruptGrace: Duration = .seconds(120),
        leaseMargin: Duration = .seconds(20),
        guardPatience: Duration = .seconds(10)
    ) {
        self.wallClock = wallClock
        self.noOutput = noOutput
        self.interruptGrace = interruptGrace
        self.leaseMargin = leaseMargin
        self.guardPatience = guardPatience
    }
}

/// The caller's hand on one running execution: end it, or let it go on for longer.
///
/// Made by the caller, one per execution, and passed to the provisioner, which obeys it at every step and hands the
/// lease on to the guard of its child. All methods may be called from any thread, and never block.
package final class ExecutionControl: Sendable {
    /// What the caller has asked for so far.
    struct Orders: Sendable, Hashable {
        var interruption: Interruption?
        var killed = false
        var lease: ContinuousClock.Instant
    }

    private struct State {
        var orders: Orders
        var observers: [Int: @Sendable () -> Void] = [:]
        var nextObserver = 0
    }

    package let limits: ExecutionLimits
    /// When the execution began.
    package let started: ContinuousClock.Instant
    private let state: Mutex<State>

    /// - Parameter leaseUntil: When the right to run ends unless renewed: nothing of the child is left by then, even if
    ///   the worker is frozen or dead.
    package init(
        limits: ExecutionLimits = ExecutionLimits(),
        leaseUntil: ContinuousClock.Instant,
        started: ContinuousClock.Instant = .now
    ) {
        self.limits = limits
        self.started = started
        state = Mutex(State(orders: Orders(lease: leaseUntil)))
    }

    /// Asks the execution to end: its child is interrupted, and killed after ``ExecutionLimits/interruptGrace``.
    ///
    /// The first reason stands; later calls change nothing.
    package func interrupt(_ reason: Interruption) {
        change { if $0.interruption == nil { $0.interruption = reason } }
    }

    /// Asks it to end for what it said or wrote. The build has failed by that, however its child ends.
    func refuse(_ exceeded: BoundExceeded) {
        interrupt(.outOfBounds(exceeded.description))
    }

    /// - Throws: when what the execution said or wrote exceeds a bound.
    func checkBounds() throws(ProvisioningFailure) {
        if case .outOfBounds? = interruption { try check() }
    }

    /// Ends the execution at once: its child and all descendants are killed. State already written is still returned.
    package func kill() {
        change {
            $0.killed = true
            // Whoever kills has lost the job, or has no time: it is not the job's end, and goes on elsewhere.
            if $0.interruption == nil { $0.interruption = .leaseEnding }
        }
    }

    /// Lets the execution go on until `deadline`. An earlier deadline than the present one shortens it.
    package func renewLease(until deadline: ContinuousClock.Instant) {
        change { $0.lease = deadline }
    }

    /// Why the execution was asked to end; `nil` while it may go on.
    package var interruption: Interruption? {
        orders.interruption
    }

    /// When the right to run ends unless renewed.
    package var leaseDeadline: ContinuousClock.Instant {
        orders.lease
    }

    var orders: Orders {
        state.withLock { $0.orders }
    }

    /// Calls `wake` after every change until the observation is removed, and once at once, so that none is missed.
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

    private func change(_ body: (inout Orders) -> Void) {
        let observers = state.withLock { state in
            let before = state.orders
            body(&state.orders)
            return state.orders == before ? [] : Array(state.observers.values)
        }
        for wake in observers { wake() }
    }
}
