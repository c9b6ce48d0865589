// SPDX-License-Identifier: Apache-2.0

import Domain
import Logging
import PostgresClient
import Provisioning
import Store
import Synchronization

/// Stores the progress of an execution while it runs.
final class Reporter: ExecutionReporter {
    private let store: Store
    private let job: HeldJob
    private let jobLog: JobLog
    private let control: ExecutionControl
    private let sealing: StateSealing
    private let logger: Logger
    private let collected = Mutex<[StageTiming]>([])
    private let pacing = CheckpointPacing()

    init(
        store: Store,
        job: HeldJob,
        log: JobLog,
        control: ExecutionControl,
        sealing: StateSealing,
        logger: Logger
    ) {
        self.store = store
        self.job = job
        self.jobLog = log
        self.control = control
        self.sealing = sealing
        self.logger = logger
    }

    var timings: [StageTiming] { collected.withLock { $0 } }

    func log(_ line: LogLine) {
        jobLog.append(line)
    }

    func timing(_ timing: StageTiming) {
        collected.withLock { if $0.count < ChildBounds.resources { $0.append(timing) } }
    }

    func checkpoint(_ state: [UInt8]) async {
        await pacing.spend(state.count)
        await record("a checkpoint of the state") { try await store.checkpoint(sealing.sealed(state), of: job) }
    }

    func replacing(_ replacements: [Replacement]) async {
        await record("the planned replacements") { try await store.note(replacements, of: job) }
    }

    /// While the database is down it retries, until the end of the lease: the next state, or the end of the build, may
    /// come late.
    private func record(_ what: String, _ write: () async throws -> Bool) async {
        let deadline = control.leaseDeadline
        while true {
            do {
                if try await !write() { control.kill() }
                return
            } catch {
                logger.warning("\(what) could not be stored", metadata: ["error": "\(error)"])
                guard (error as? PostgresError)?.isRetriable == true, ContinuousClock.now < deadline else { return }
            }
            try? await Task.sleep(for: .seconds(1))
        }
    }
}
