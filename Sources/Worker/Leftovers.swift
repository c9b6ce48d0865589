// SPDX-License-Identifier: Apache-2.0

import Logging
import PostgresClient
import Prebuilds
import Provisioning
import ServiceLifecycle
import Store

/// Looks after what executions have left behind and nobody answers for any more: states in the spool, and jobs that the
/// database believes to be this worker's (jobs.md, "Leases").
struct Leftovers: Service {
    let store: Store
    let configuration: WorkerConfiguration
    let executor: Executor
    let executions: ExecutionRegistry
    let logger: Logger

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            var suspects: Set<HeldJob> = []
            while !Task.isCancelled {
                try await Task.sleep(for: interval)
                await handIn()
                suspects = await giveBackForgotten(suspects)
            }
        }
        // What the last executions could not record, while the database is still there.
        await handIn()
    }

    private var interval: Duration { min(configuration.heartbeatInterval, .seconds(5)) }

    /// Hands in every state in the spool. Those that the database has taken, or will never take, are discarded; when it is
    /// away, all stay for the next time.
    func handIn() async {
        guard let spool = executor.spool else { return }
        do {
            for spooled in try await spool.recover() {
                let execution = HeldJob(id: spooled.jobID, epoch: spooled.claimEpoch)
                // It answers for its own, which may not be the last yet.
                guard !executions.held.contains(execution) else { continue }
                let state = try executor.sealing.seal(spooled.state)
                let fate = try await store.handIn(state, of: execution, from: configuration.registration.name)
                await spool.discard(spooled)
                logger.log(
                    level: fate == .late ? .warning : .info,
                    "a state left by an execution was handed in",
                    metadata: ["job.id": "\(execution.id)", "epoch": "\(execution.epoch)", "fate": "\(fate)"]
                )
            }
        } catch {
            logger.warning("states in the spool could not be handed in yet", metadata: ["error": "\(error)"])
        }
    }

    /// Gives back the suspects that still nobody executes, and returns who is suspect now.
    ///
    /// The answer to a claim may be lost though the claim was committed, and what came of an execution may not be recorded
    /// while the database is away: then the lease is renewed for jobs that nobody executes. A claim whose answer is only
    /// late loses nothing but the attempt: its job has been fenced off.
    private func giveBackForgotten(_ suspects: Set<HeldJob>) async -> Set<HeldJob> {
        do {
            let unheld = Set(try await store.jobs(heldBy: configuration.id)).subtracting(executions.held)
            let forgotten = unheld.intersection(suspects)
            guard !forgotten.isEmpty else { return unheld }
            let count = try await store.giveBack(Array(forgotten))
            logger.warning("jobs that this worker held and did not run were given back", metadata: ["jobs": "\(count)"])
            return unheld.subtracting(forgotten)
        } catch {
            logger.debug("forgotten jobs could not be looked for", metadata: ["error": "\(error)"])
            return suspects
        }
    }
}
