// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Time

/// What a worker says of itself when it starts.
package struct WorkerRegistration: Hashable, Sendable {
    /// New at every start of the process: a restarted container never revives its predecessor's lease.
    package var id: WorkerID
    /// A label; several workers may share it.
    package var name: String
    package var hostname: String
    package var version: String
    /// A JSON object; a job's tags must be contained in it.
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

/// What a heartbeat tells the worker.
package struct Heartbeat: Hashable, Sendable {
    /// The database's time.
    package var now: Instant
    /// `lost`: the lease ended and the jobs have been given to others.
    package var state: WorkerState
    package var stateReason: String
    package var drainDeadline: Instant?
    /// Jobs whose cancellation was requested.
    package var canceled: [HeldJob]
    /// Jobs that this worker no longer holds.
    package var lost: [HeldJob]
    /// Jobs that are the worker's as the database sees it.
    package var held: Set<HeldJob>
    /// The pause in force, if any; during maintenance nothing is claimed.
    package var inMaintenance: Bool
}
