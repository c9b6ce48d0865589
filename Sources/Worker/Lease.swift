// SPDX-License-Identifier: Apache-2.0

import Logging
import Prebuilds
import Provisioning
import ServiceLifecycle
import Store

/// Keeps this worker's lease, hears the orders that come with each renewal, and ends its executions before the lease can
/// pass to another (jobs.md, "Leases").
///
/// It runs on the monotonic clock from the moment the last successful renewal was sent, so that neither a wrong wall clock
/// nor a slow answer ever makes it trust a lease for too long.
struct Lease: Service {
    let store: Store
    let configuration: WorkerConfiguration
    let executions: ExecutionRegistry
    let drain: Drain
    let orders: Doorbell
    let onMaintenance: @Sendable (Bool) -> Void
    let logger: Logger

    func run() async throws {
        // It outlives the graceful shutdown of the services that need it: those wait for their jobs first.
        await withGracefulShutdownHandler {
            while !Task.isCancelled, !Task.isShuttingDownGracefully {
                await renew()
                await orders.wait(atMost: pause)
            }
        } onGracefulShutdown: {
            orders.ring()
        }
        await leave()
    }

    /// The heartbeat, or sooner when the last one failed and the lease is running down.
    private var pause: Duration {
        let remaining = ContinuousClock.now.duration(to: executions.leaseUntil)
        return min(configuration.heartbeatInterval, max(remaining / 4, .milliseconds(100)))
            * Double.random(in: 0.9...1.0)
    }

    private func renew() async {
        let sent = ContinuousClock.now
        do {
            let beat = try await store.heartbeat(
                configuration.id,
                lease: configuration.registration.leaseDuration,
                holding: executions.held
            )
            guard beat.state != .lost else { return stop("this worker was declared lost: its lease had ended") }
            executions.renew(until: sent + configuration.registration.leaseDuration)
            obey(beat)
        } catch {
            logger.warning("the lease could not be renewed yet", metadata: ["error": "\(error)"])
            if ContinuousClock.now >= executions.leaseUntil - fenceMargin { executions.interrupt(.leaseEnding) }
        }
    }

    /// How long before the end of the lease executions are interrupted, so that nothing of theirs is left at its end.
    private var fenceMargin: Duration { configuration.registration.leaseDuration / 3 }

    private func obey(_ beat: Heartbeat) {
        executions.interrupt(.canceled, only: beat.canceled)
        // Somebody else may run them at any moment: no time for manners.
        executions.kill(only: beat.lost)
        onMaintenance(beat.inMaintenance)
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
        logger.critical("\(reason); its jobs are given to others, and this process ends")
        executions.kill()
        drain.advance(to: .killing, final: true)
    }

    private func leave() async {
        do {
            try await store.setWorkerState(configuration.id, .drained, reason: "stopped")
        } catch {
            logger.warning("the worker's end could not be recorded", metadata: ["error": "\(error)"])
        }
    }
}
