// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Time

/// The properties of a worker that starts.
package struct WorkerRegistration: Hashable, Sendable {
    /// New at every start of the process, so that a restarted container never revives its predecessor's lease.
    package var id: WorkerID
    /// A label; several workers may share it.
    package var name: String
    package var hostname: String
    package var version: String
    /// A JSON object that must contain a job's tags.
    package var tags: String
    /// The organizations it works for, by name or id; empty: all.
    package var organizations: [String]
    /// How many jobs it runs at once.
    package var capacity: Int
    package var leaseDuration: Duration

    package init(
        id: WorkerID = .random(),
        name: String,
        hostname: String,
        version: String,
        tags: String,
        organizations: [String] = [],
        capacity: Int,
        leaseDuration: Duration
    ) {
        self.id = id
        self.name = name
        self.hostname = hostname
        self.version = version
        self.tags = tags
        self.organizations = organizations
        self.capacity = capacity
        self.leaseDuration = leaseDuration
    }
}

/// The answer to a heartbeat.
package struct Heartbeat: Hashable, Sendable {
    /// The database's time.
    package var now: Instant
    /// `lost`: the lease ended and other workers have the jobs.
    package var state: WorkerState
    package var stateReason: String
    package var drainDeadline: Instant?
    /// Jobs whose cancellation was requested.
    package var canceled: [HeldJob]
    /// Jobs that this worker no longer holds.
    package var lost: [HeldJob]
    /// The worker's jobs by the database's record.
    package var held: Set<HeldJob>
    /// Whether the fleet is in maintenance; then nothing is claimed.
    package var inMaintenance: Bool
}
