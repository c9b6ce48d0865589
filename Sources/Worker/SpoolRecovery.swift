// SPDX-License-Identifier: Apache-2.0

import Domain
import Logging
import PostgresClient
import Provisioning
import ServiceLifecycle
import Store

/// Stores the states that dead executions left in this worker's spool.
struct SpoolRecovery: Service {
    let store: Store
    let configuration: WorkerConfiguration
    let executor: Executor
    let executions: ExecutionRegistry
    let logger: Logger

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try await Task.sleep(for: interval)
                await recover()
            }
        }
        // Hands in what the last executions could not record, while the database is still reachable.
        await recover()
    }

    private var interval: Duration { min(configuration.heartbeatInterval, .seconds(5)) }

    /// Stores every state in the spool, under its fence, and removes it there. States that the database cannot take now, or
    /// refuses, stay for the next time.
    func recover() async {
        guard let spool = executor.spool else { return }
        // This is read first: the spooled state of a running execution is not final, and must not be removed while it
        // writes.
        let running = Set(executions.held)
        do {
            let states = try await spool.recover { [logger] in
                logger.warning("the leftovers of an execution could not be taken", metadata: ["error": "\($0)"])
            }
            for spooled in states where !running.contains(spooled.execution) { await recover(spooled, from: spool) }
        } catch {
            logger.warning("the spool could not be read", metadata: ["error": "\(error)"])
        }
    }

    private func recover(_ spooled: SpooledState, from spool: StateSpool) async {
        let execution = spooled.execution
        guard !executions.held.contains(execution) else { return }
        var logger = logger
        logger[metadataKey: "job.id"] = "\(execution.id)"
        logger[metadataKey: "epoch"] = "\(execution.epoch)"
        do {
            let state = try await executor.sealing.sealed(spooled.state)
            let fate = try await store.recover(state, of: execution, from: configuration.registration.name)
            await spool.discard(spooled)
            logger.log(
                level: fate == .late ? .warning : .info,
                "a state that an execution left in the spool was stored",
                metadata: ["fate": "\(fate)"]
            )
        } catch {
            logger.warning("a state in the spool could not be stored yet", metadata: ["error": "\(error)"])
        }
    }
}
