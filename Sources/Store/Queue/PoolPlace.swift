// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Time

/// Where the jobs of a pool enter the queue: start-time fair queueing (Goyal, Vin and Cheng, 1996).
///
/// The virtual time is the place of the first pool job that waits. The next job of a pool enters one step behind it for
/// each build of the pool that is under way, divided by the pool's weight. So a small pool's jobs come before most jobs
/// of a large one that was ordered earlier, and pools with equal weights are built at the same rate.
///
/// Nothing starves: no job enters before the first one that waits, and none more than ``longestLead`` before the
/// time of its order, so a job is overtaken only by those that are ordered within that time.
///
/// The place is written with the order, into `available_at`, and `queue_lead` is what lies between the two; so a claim
/// still reads the first rows of one index (Documentation/Decisions/0020-fair-share.md).
struct PoolPlace {
    /// The time of the order.
    let now: Instant

    /// How long before its own time an order may stand in the queue: what two classes are worth.
    private static let longestLead: Duration = .seconds(1_200)
    /// The virtual time of an empty queue, before now: room for the steps of 100,000 builds, all of which are due at
    /// once.
    private static let room: Duration = .seconds(10)
    /// The distance of two jobs of a pool of weight 1.
    private static let step: Duration = .microseconds(100)

    /// The virtual time: a scalar, to be evaluated once.
    ///
    /// The bounds let the search begin behind the jobs of higher classes, and end before jobs that are not due.
    var front: SQL {
        """
        coalesce((
            SELECT j.claim_order AT TIME ZONE 'UTC' FROM provisioner_jobs j
            WHERE j.job_status = 'pending' AND NOT \(sql: .isAwaited("j"))
                AND j.claim_order >= \(now - Self.longestLead) AT TIME ZONE 'UTC'
                AND j.claim_order < \(now - Self.room) AT TIME ZONE 'UTC'
            ORDER BY j.claim_order, j.id LIMIT 1
        ), \(now - Self.room))
        """
    }

    /// How long before the time of its order a job stands in the queue.
    ///
    /// - Parameter front: The value of ``front``.
    /// - Parameter ahead: How many builds of the pool are under way before it.
    /// - Parameter weight: The pool's weight; less than 1 counts as 1.
    func lead(behind front: SQL, ahead: SQL, weight: SQL) -> SQL {
        """
        greatest(interval '0', \(now) - \(sql: front)
            - make_interval(secs => \(Self.step.inSeconds) * (\(sql: ahead)) / greatest(\(sql: weight), 1)))
        """
    }

    /// Since when a job `j` waits to be claimed, whatever its place.
    static func waitsSince(_ job: String = "j") -> SQL {
        "(\(identifier: job).available_at + \(identifier: job).queue_lead)"
    }
}
