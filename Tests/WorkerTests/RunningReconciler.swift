// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import Operations
import Prebuilds
import ServiceLifecycle
import Store
import TestSupport

@testable import Worker

/// A reconciler that runs as a service on a clock of its own, and what it did.
final class RunningReconciler: Sendable {
    let clock: ManualClock
    let bell = Doorbell()
    private let changedPools = ChangedPools()
    /// What its passes wrote, one by one.
    let passes: TestSignal<AppliedPlan>
    private let refusals = WatchedState(0)
    private let rests = WatchedState(false)
    private let group: ServiceGroup
    private let running: Task<Void, any Error>

    /// - Parameter passes: Where several report together.
    init(
        _ store: Store,
        interval: Duration,
        limits: PlanLimits = PlanLimits(),
        drain: Drain = Drain(),
        passes: TestSignal<AppliedPlan> = TestSignal()
    ) {
        let clock = ManualClock()
        self.clock = clock
        self.passes = passes
        let reconciler = Reconciler(
            store: store,
            worker: .random(),
            interval: interval,
            limits: limits,
            bell: bell,
            changedPools: changedPools,
            drain: drain,
            clock: clock,
            logger: TestPools.logger,
            observe: { [passes, refusals] result, _ in
                switch result {
                case .success(.done(_, let applied)): passes.send(applied)
                case .success(.lockHeldElsewhere): refusals.update { $0 += 1 }
                case .failure: break
                }
            },
            rest: { [rests] in rests.update { $0 = true } }
        )
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(
                        service: reconciler,
                        successTerminationBehavior: .gracefullyShutdownGroup,
                        failureTerminationBehavior: .cancelGroup
                    )
                ],
                logger: TestPools.logger
            )
        )
        self.group = group
        running = Task { try await group.run() }
    }

    /// As the notification of a change in that pool.
    func tell(of preset: PresetID) {
        changedPools.tell("\(preset)")
        bell.ring()
    }

    /// Waits until another's pass has stood in the way of that many of its own.
    func refusals(_ count: Int) async throws {
        _ = try await refusals.first("\(count) refusals", within: .seconds(10)) { $0 >= count ? $0 : nil }
    }

    var turnedAway: Int { refusals.current }
    var hasRested: Bool { rests.current }

    @discardableResult
    func nextPass() async throws -> AppliedPlan {
        try await passes.next("a pass")
    }

    /// Asks for a graceful end and waits for it.
    func stop() async throws {
        await group.triggerGracefulShutdown()
        try await running.value
    }

    /// Cancels it and waits for its end.
    func cancel() async {
        running.cancel()
        _ = await running.result
    }
}
