// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Prebuilds
package import Provisioning
package import Store

/// The configuration of a worker process; the keys are those of `stoker.yaml`.
package struct WorkerConfiguration: Sendable {
    /// `worker.name`, `worker.tags`, `worker.concurrency`, `worker.lease_duration`, and a new id for each start of the
    /// process.
    package var registration: WorkerRegistration
    /// `worker.heartbeat_interval`: how often the lease is renewed.
    package var heartbeatInterval: Duration = .seconds(10)
    /// `worker.drain_deadline`: how long jobs may go on once a drain has begun.
    package var drainDeadline: Duration = .seconds(1800)
    /// `worker.reserved_interactive_slots`: slots that pool refills never use.
    package var reservedInteractiveSlots = 0
    /// `prebuilds.reconciliation_interval`: how often a pass runs without notifications.
    package var reconciliationInterval: Duration = .seconds(15)
    package var limits = PlanLimits()
    /// Limits of one execution.
    package var buildLimits = ExecutionLimits()
    package var importLimits = ExecutionLimits(wallClock: .seconds(600))
    /// `prebuilds.pending_timeout`: how long a pool job may wait for a worker.
    package var pendingTimeout: Duration = .seconds(1800)
    /// `retention.period`: the age at which finished jobs, logs, decisions, events and deliveries are removed.
    package var retention: Duration = .seconds(30 * 86_400)
    /// `terraform.replacement_policy`.
    package var replacementPolicy = ReplacementPolicy.warn

    package init(registration: WorkerRegistration) {
        self.registration = registration
    }

    /// The worker's identifier, new with each start of the process.
    package var id: WorkerID { registration.id }
}
