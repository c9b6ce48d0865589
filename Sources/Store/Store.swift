// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
package import PostgresClient
package import Time

/// The access to Stoker's database.
///
/// There is a method for each use, named for its meaning; each is one transaction unless it says otherwise. The store
/// does not decide what should be: a method writes what was decided, or refuses when the facts have changed.
package struct Store: Sendable {
    package let pool: PostgresPool
    let lifeline: PostgresPool
    let observe: @Sendable (PoolChange) -> Void
    /// What the next change writes into the audit log.
    package internal(set) var note: AuditNote?
    /// Looks up the names of claims that come at the same time.
    let claimNames: Gatherer<ClaimRequest, ClaimNames>
    /// Hands ready prebuilds over to claims that come at the same time.
    let readyClaims: Gatherer<PreparedClaim, ClaimResult?>

    /// - Parameter lifeline: Sends heartbeats; `nil`: they share `pool` with everything else.
    /// - Parameter observe: Called after a write of this process that has refilled a pool, or failed to.
    package init(
        pool: PostgresPool,
        lifeline: PostgresPool? = nil,
        observe: @escaping @Sendable (PoolChange) -> Void = { _ in }
    ) {
        self.pool = pool
        self.lifeline = lifeline ?? pool
        self.observe = observe
        claimNames = Gatherer(lanes: 2, limit: 64) { await ClaimNames.look($0, on: pool) }
        readyClaims = Gatherer(lanes: 2, limit: 64) { await ReadyClaims.bind($0, on: pool) }
        pool.notifier.coalesce(Channel.jobs, by: QueuePlace.earlier)
    }

    /// Checks deferred constraints now, while the failing writes are known.
    static let checkConstraints = Statement("store.check_constraints", "SET CONSTRAINTS ALL IMMEDIATE")

    /// The database's own time, which decides about leases, back-off, schedules and age.
    package func now() async throws -> Instant {
        let rows = try await pool.execute("store.now", within: .seconds(5), reading: true, "SELECT now()")
        return try rows.only().decode(Instant.self)
    }
}

/// The notification channels. A lost notification only costs latency. An empty payload concerns everybody: there was
/// too much to name.
package enum Channel {
    /// There are jobs to be claimed. The payload is the place of the first of them in the queue
    /// (``QueuePlace/init(news:)``), so that a worker need not read the whole queue; empty: anywhere.
    package static let jobs = "stoker_jobs"
    /// An input of the reconciler's plan has changed. The payload is the id of the preset whose pool has; empty: any.
    package static let reconcile = "stoker_reconcile"
    /// A worker has a request waiting: cancel, drain or resume. The payload is the worker's id, or empty for all.
    package static let workers = "stoker_workers"
    /// Notification events wait to be sent.
    package static let events = "stoker_events"
    /// A job has ended. The payload is its id.
    package static let finished = "stoker_finished"
    /// A prebuild has become eligible. The payload is its preset's id.
    package static let ready = "stoker_ready"
    /// A claim build has succeeded. The payload is the workspace's id; empty: look at all.
    package static let claimed = "stoker_claimed"
    /// A job has new log lines. The payload is its id.
    package static let logs = "stoker_logs"
}

/// Keys of transaction-scoped advisory locks: a namespace ("stok" in ASCII), and the locked thing.
enum AdvisoryLock {
    static let namespace = 0x7374_6f6b
    static let migrate = 1
    static let reconcile = 2
    static let reap = 3
    static let caps = 4
    static let retention = 5
    static let expire = 6
    /// Taken in shared mode by all claims in progress.
    static let claims = 7
    static let lifetimes = 8
}
