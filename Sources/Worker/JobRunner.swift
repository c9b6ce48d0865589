// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import Logging
import Provisioning
import ServiceLifecycle
import Store

/// Claims jobs and executes them, as many at once as the worker has slots.
///
/// It claims after a wake-up, when a slot becomes free, and by itself every 1 to 5 seconds. During a drain it claims
/// nothing; it returns when its last job has ended or was handed back.
struct JobRunner: Service {
    let store: Store
    let configuration: WorkerConfiguration
    let executor: Executor
    let executions: ExecutionRegistry
    let spoolRecovery: SpoolRecovery
    let drain: Drain
    let bell: Doorbell
    /// Wakes when a job has ended during a drain.
    let ended: Doorbell
    let hint: QueueHint
    /// Wakes when the drain advances or is resumed.
    private let drainBell = Doorbell()
    let onClaim: @Sendable ([ClaimedJob]) -> Void
    let logger: Logger

    func run() async throws {
        drain.notify(bell)
        drain.notify(drainBell)
        try await withGracefulShutdownHandler {
            try await withThrowingDiscardingTaskGroup { group in
                var queue = QueueSearch()
                while drain.phase == .active || !drain.isFinal {
                    executions.setClaiming(true)
                    let claimed = await claim(&queue)
                    if let claimed, !claimed.isEmpty { onClaim(claimed) }
                    for job in claimed ?? [] where !job.isNoOp { start(job, in: &group) }
                    executions.setClaiming(false)
                    // Jobs without work are finished together with the next claim, in one round trip.
                    queue.done += (claimed ?? []).filter(\.isNoOp).map(\.held)
                    if claimed != nil, !queue.done.isEmpty { continue }
                    try Task.checkCancellation()
                    await bell.wait(atMost: queue.pause(hasFound: claimed?.isEmpty == false, now: .now))
                    enforceDrain()
                }
                await finish(queue.done)
                await announceDrain()
                try await windDown()
            }
        } onGracefulShutdown: {
            drain.advance(to: .draining, final: true)
        }
    }

    /// `nil`: the database did not answer.
    private func claim(_ queue: inout QueueSearch) async -> [ClaimedJob]? {
        let free = drain.phase == .active ? max(configuration.registration.capacity - executions.count, 0) : 0
        guard free > 0 || !queue.done.isEmpty else { return [] }
        let began = ContinuousClock.now
        let place = queue.start(now: began, hint: free > 0 ? hint.take() : nil)
        do {
            let done = queue.done
            let finishAndClaim = { @Sendable in
                try await store.claimJobs(
                    for: configuration.id,
                    limit: free,
                    poolLimit: max(free - configuration.reservedInteractiveSlots, 0),
                    behind: place,
                    finishing: done
                )
            }
            let claimed = try await free > 0 ? unlessDraining(finishAndClaim) : finishAndClaim()
            queue.done = []
            guard free > 0 else { return [] }
            queue.advance(past: claimed, from: place, isFull: claimed.count == free, began: began, ended: .now)
            return claimed
        } catch {
            queue.fail(from: place, began: began, ended: .now)
            guard !(error is CancellationError) else { return nil }
            logger.warning("jobs could not be claimed", metadata: ["error": "\(error)"])
            return nil
        }
    }

    /// Runs a claim that a drain cancels: it may take long, and nothing shall be claimed any more.
    private func unlessDraining(
        _ claim: @escaping @Sendable () async throws -> [ClaimedJob]
    ) async throws -> [ClaimedJob] {
        try await withThrowingTaskGroup(of: [ClaimedJob]?.self) { group in
            group.addTask { try await claim() }
            group.addTask {
                while drain.phase == .active, await drainBell.wait() {}
                return nil
            }
            defer { group.cancelAll() }
            while let ended = try await group.next() {
                if let claimed = ended { return claimed }
                group.cancelAll()
            }
            throw CancellationError()
        }
    }

    /// If it fails, the reaper takes them back from this worker.
    private func finish(_ jobs: [HeldJob]) async {
        guard !jobs.isEmpty else { return }
        do {
            _ = try await store.claimJobs(for: configuration.id, limit: 0, poolLimit: 0, finishing: jobs)
        } catch {
            logger.warning("jobs could not be finished", metadata: ["error": "\(error)"])
        }
    }

    private func start(_ job: ClaimedJob, in group: inout ThrowingDiscardingTaskGroup<any Error>) {
        let limits = job.type == .workspaceBuild ? configuration.buildLimits : configuration.importLimits
        let control = executions.enter(job.held, limits: limits)
        group.addTask {
            // The state of a dead execution of the same workspace on this machine is part of this one's initial state.
            if job.type == .workspaceBuild { await spoolRecovery.recover() }
            await executor.execute(job, control: control)
            executions.leave(job.held)
            bell.ring()
            // The end of a drain waits for the last job.
            if drain.phase > .active { ended.ring() }
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
            await bell.wait(atMost: remaining > .zero ? remaining : QueueSearch.longestPause)
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
            metadata: ["jobs": "\(executions.count)", "deadline": "\(configuration.drainDeadline.components.seconds)s"]
        )
        do {
            try await store.setWorkerState(
                configuration.id,
                .draining,
                reason: Store.stopping,
                drainWithin: configuration.drainDeadline
            )
        } catch {
            logger.warning("the drain could not be recorded", metadata: ["error": "\(error)"])
        }
    }
}
