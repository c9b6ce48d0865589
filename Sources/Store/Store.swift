// SPDX-License-Identifier: Apache-2.0

package import Domain
package import PostgresClient
package import Time

/// Everything that Stoker reads from and writes to its database.
///
/// A method per use, named for what it means; each is one transaction unless it says otherwise. Rules are not decided
/// here: a method takes what was decided and writes it, or refuses when the facts have changed.
package struct Store: Sendable {
    package let pool: PostgresPool
    let lifeline: PostgresPool
    let observe: @Sendable (PoolNews) -> Void

    /// - Parameter lifeline: Sends heartbeats; `nil`: they take their turn in `pool` with everything else.
    /// - Parameter observe: Called after a write of this process that has filled a pool, or failed to.
    package init(
        pool: PostgresPool,
        lifeline: PostgresPool? = nil,
        observe: @escaping @Sendable (PoolNews) -> Void = { _ in }
    ) {
        self.pool = pool
        self.lifeline = lifeline ?? pool
        self.observe = observe
        pool.notifier.coalesce(Channel.jobs, by: QueuePlace.earlier)
    }

    /// Deferred constraints speak up now, while it can still be told whose writes they refuse.
    static let checkConstraints = Statement("store.check_constraints", "SET CONSTRAINTS ALL IMMEDIATE")

    /// The database's own time, which decides everything: leases, back-off, schedules, age.
    package func now() async throws -> Instant {
        let rows = try await pool.execute(Statement("store.now", within: .seconds(5), reading: true, "SELECT now()"))
        return try rows.only().decode(Instant.self)
    }
}

/// The channels that processes listen on. A lost notification changes nothing but latency. A payload that is empty concerns
/// everybody: so much has happened that it is not told one by one.
package enum Channel {
    /// There are jobs to be claimed. The payload says where in the queue the first of them stands (``QueuePlace/init(news:)``),
    /// so that whoever goes on from the last job that it claimed need not look at all of it; empty: anywhere.
    package static let jobs = "stoker_jobs"
    /// Something that a plan depends on has changed.
    package static let reconcile = "stoker_reconcile"
    /// A worker has an order waiting: cancel, drain or resume. The payload is the worker's id, or empty for all.
    package static let workers = "stoker_workers"
    /// Notification events wait to be sent.
    package static let events = "stoker_events"
    /// A job has ended. The payload is its id.
    package static let finished = "stoker_finished"
    /// A prebuild has become ready. The payload is its preset's id.
    package static let ready = "stoker_ready"
    /// A claim build has succeeded. The payload is the workspace's id; empty: look at all.
    package static let claimed = "stoker_claimed"
    /// A job has new log lines. The payload is its id.
    package static let logs = "stoker_logs"
}

/// Keys of transaction-scoped advisory locks: a class of our own ("stok" in ASCII), and what is locked.
enum AdvisoryLock {
    static let namespace = 0x7374_6f6b
    static let migrate = 1
    static let reconcile = 2
    static let reap = 3
    static let caps = 4
    static let retention = 5
    static let expire = 6
    /// Shared by all claims that are under way.
    static let claims = 7
}

/// The system user that owns every prebuild; nothing else marks one.
package let prebuildsUserID = UserID(high: 0xc42f_df75_3097_471c, low: 0x8c33_fb52_454d_81c0)
