// SPDX-License-Identifier: Apache-2.0

import Logging
import Prebuilds
import Provisioning
import ServiceLifecycle
import Store

/// Claims jobs and executes them, as many at once as the worker has slots.
///
/// It looks when it is rung, when a slot becomes free, and by itself every 1 to 5 seconds. Once the drain begins it claims
/// nothing; it returns when its last job has ended or has been handed back.
struct JobRunner: Service {
    let store: Store
    let configuration: WorkerConfiguration
    let executor: Executor
    let executions: ExecutionRegistry
    let drain: Drain
    let bell: Doorbell
    /// Whether the fleet is in maintenance, as the last heartbeat said.
    let inMaintenance: @Sendable () -> Bool
    let onClaim: @Sendable ([ClaimedJob]) -> Void
    let logger: Logger

    private static let shortestPoll = Duration.seconds(1)
    private static let longestPoll = Duration.seconds(5)

    func run() async throws {
        drain.notify(bell)
        try await withGracefulShutdownHandler {
            try await withThrowingDiscardingTaskGroup { group in
                var poll = Self.shortestPoll
                var done: [HeldJob] = []
                while drain.phase == .active || !drain.isFinal {
                    let claimed = await claim(finishing: &done)
                    if !claimed.isEmpty { onClaim(claimed) }
                    for job in claimed where !job.isNoOp { start(job, in: &group) }
                    // What needs no doing is finished with the next claim, in the same round trip.
                    done += claimed.filter(\.isNoOp).map(\.held)
                    if !done.isEmpty { continue }
                    poll = claimed.isEmpty ? min(poll * 2, Self.longestPoll) : Self.shortestPoll
                    try Task.checkCancellation()
                    await bell.wait(atMost: poll * Double.random(in: 0.8...1.2))
                    enforceDrain()
                }
                await announceDrain()
                try await windDown()
            }
        } onGracefulShutdown: {
            drain.advance(to: .draining, final: true)
        }
    }

    private func claim(finishing done: inout [HeldJob]) async -> [ClaimedJob] {
        let mayClaim = drain.phase == .active && !inMaintenance()
        let free = mayClaim ? configuration.registration.capacity - executions.count : 0
        let poolFree = max(free - configuration.reservedInteractiveSlots, 0)
        do {
            guard !done.isEmpty else {
                return try await store.claimJobs(for: configuration.id, limit: free, poolLimit: poolFree)
            }
            let claimed = try await store.finish(done, andClaimFor: configuration.id, limit: free, poolLimit: poolFree)
            done = []
            return claimed
        } catch {
            logger.warning("jobs could not be claimed", metadata: ["error": "\(error)"])
            return []
        }
    }

    private func start(_ job: ClaimedJob, in group: inout ThrowingDiscardingTaskGroup<any Error>) {
        let limits = job.type == .workspaceBuild ? configuration.buildLimits : configuration.importLimits
        let control = executions.enter(job.held, limits: limits)
        group.addTask {
            await executor.execute(job, control: control)
            executions.leave(job.held)
            bell.ring()
        }
    }
}

// MARK: - Drain

extension JobRunner {
    /// Waits for the last job, and enforces the phases of the drain meanwhile.
    private func windDown() async throws {
        let deadline = ContinuousClock.now + configuration.drainDeadline
        while executions.count > 0 {
            if ContinuousClock.now >= deadline { drain.advance(to: .interrupting, final: true) }
            enforceDrain()
            let remaining = ContinuousClock.now.duration(to: deadline)
            await bell.wait(atMost: remaining > .zero ? remaining : Self.longestPoll)
        }
    }

    private func enforceDrain() {
        switch drain.phase {
        case .active, .draining: break
        case .interrupting: executions.interrupt(.drain)
        case .killing: executions.kill()
        }
    }

    private func announceDrain() async {
        logger.info(
            "draining",
            metadata: ["jobs": "\(executions.count)", "deadline": "\(configuration.drainDeadline)"]
        )
        do {
            try await store.setWorkerState(
                configuration.id,
                .draining,
                reason: "stopping",
                drainWithin: configuration.drainDeadline
            )
        } catch {
            logger.warning("the drain could not be recorded", metadata: ["error": "\(error)"])
        }
    }
}
