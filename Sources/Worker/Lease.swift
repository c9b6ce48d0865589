// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import Logging
import Provisioning
import ServiceLifecycle
import Store
import Time

/// Renews this worker's lease, passes on the commands that arrive with each renewal, and ends its executions before
/// another worker can take them over.
///
/// The lease is measured on the monotonic clock from the moment the last successful renewal was sent, so neither a
/// wrong wall clock nor a slow answer makes it seem longer.
struct Lease: Service {
    let store: Store
    let configuration: WorkerConfiguration
    let executions: ExecutionRegistry
    let drain: Drain
    let commands: Doorbell
    let logger: Logger

    func run() async throws {
        // It outlives the graceful shutdown of the services that need it, because those wait for their jobs first.
        await withGracefulShutdownHandler {
            drain.notify(commands)
            var suspects: [HeldJob: ContinuousClock.Instant] = [:]
            while !Task.isCancelled, !Task.isShuttingDownGracefully {
                let beat = await renew()
                if let beat { suspects = await giveBackForgotten(beat, suspects) }
                await endDrain(beat)
                await commands.wait(atMost: pause(after: beat))
            }
        } onGracefulShutdown: {
            commands.ring()
        }
        await leave()
    }

    /// The heartbeat interval, or less when the last heartbeat failed, or when the state changes by time.
    private func pause(after beat: Heartbeat?) -> Duration {
        let remaining = ContinuousClock.now.duration(to: executions.leaseUntil)
        let pause =
            min(configuration.heartbeatInterval, max(remaining / 4, .milliseconds(100))) * Double.random(in: 0.9...1.0)
        guard let beat, beat.state == .draining, let deadline = beat.drainDeadline, deadline > beat.now else {
            return pause
        }
        return min(pause, deadline - beat.now + .milliseconds(1))
    }

    /// `nil`: the lease was not renewed.
    private func renew() async -> Heartbeat? {
        let sent = ContinuousClock.now
        do {
            let beat = try await store.heartbeat(
                configuration.id,
                lease: configuration.registration.leaseDuration,
                holding: executions.held
            )
            guard beat.state != .lost else {
                stop("this worker was declared lost: its lease had ended")
                return nil
            }
            executions.renew(until: sent + configuration.registration.leaseDuration)
            obey(beat)
            return beat
        } catch {
            logger.warning("the lease could not be renewed yet", metadata: ["error": "\(error)"])
            let margin = ExecutionLimits.margin(ofLease: configuration.registration.leaseDuration)
            if ContinuousClock.now >= executions.leaseUntil - margin { executions.interrupt(.leaseEnding) }
            return nil
        }
    }

    /// Gives back jobs that the database counts as this worker's and that it has not executed for some time; returns
    /// the suspects, with the time of suspicion.
    ///
    /// The answer to a claim may be lost although the claim was committed, and the end of an execution may not be
    /// recorded while the database is down: then the lease would be renewed for jobs that nobody executes. If the
    /// answer is only late, nothing is lost but the attempt, because the job is fenced.
    private func giveBackForgotten(
        _ beat: Heartbeat,
        _ suspects: [HeldJob: ContinuousClock.Instant]
    ) async -> [HeldJob: ContinuousClock.Instant] {
        let now = ContinuousClock.now
        let unheld = beat.held.subtracting(executions.held).map { ($0, suspects[$0] ?? now) }
        // Heartbeats may follow each other closely, and the answer to a claim takes time.
        let grace = min(configuration.heartbeatInterval, .seconds(5))
        let forgotten = unheld.filter { $0.1.duration(to: now) >= grace }.map(\.0)
        if !forgotten.isEmpty {
            do {
                let count = try await store.giveBack(forgotten)
                logger.warning(
                    "jobs that this worker held and did not run were returned to the queue",
                    metadata: ["jobs": "\(count)"]
                )
            } catch {
                logger.warning("forgotten jobs could not be returned to the queue yet", metadata: ["error": "\(error)"])
            }
        }
        return Dictionary(uniqueKeysWithValues: unheld)
    }

    /// A worker that was drained by command keeps running. Its drain ends with its last job.
    private func endDrain(_ beat: Heartbeat?) async {
        guard let beat, beat.state == .draining, !drain.isFinal, executions.isIdle else { return }
        do {
            if try await store.finishDrain(of: configuration.id) { logger.info("drained") }
        } catch {
            logger.warning("the end of the drain could not be recorded yet", metadata: ["error": "\(error)"])
        }
    }

    private func obey(_ beat: Heartbeat) {
        executions.interrupt(.canceled, only: beat.canceled)
        // Another worker may run them at any moment, so they are killed at once.
        executions.kill(only: beat.lost)
        switch beat.state {
        case .active: drain.resume()
        case .draining:
            drain.advance(to: .draining, final: false)
            if let deadline = beat.drainDeadline, beat.now >= deadline {
                drain.advance(to: .interrupting, final: false)
            }
        case .drained, .lost: drain.advance(to: .draining, final: false)
        }
    }

    private func stop(_ reason: String) {
        logger.critical("\(reason); other workers get its jobs, and this process ends")
        executions.kill()
        drain.advance(to: .killing, final: true)
    }

    private func leave() async {
        do {
            try await store.setWorkerState(configuration.id, .drained, reason: Store.stopped)
        } catch {
            logger.warning("the worker's end could not be recorded", metadata: ["error": "\(error)"])
        }
    }
}
