// SPDX-License-Identifier: Apache-2.0

package import PostgresClient

/// The notifications of a statement, sent after its commit: the elements of its column ``column(_:)``.
///
/// The statement itself sends nothing: the process's `PostgresNotifier` does, after the commit.
package enum News {
    /// An input of the reconciler's plan has changed, for any pool.
    static let reconcile = on(Channel.reconcile)

    /// The pool of a preset has changed; when that is NULL, any pool.
    static func reconcile(_ preset: SQL) -> SQL { on(Channel.reconcile, "coalesce(\(sql: preset)::text, '')") }

    /// All workers have a request waiting.
    static let workers = on(Channel.workers)
    /// There are jobs to be claimed, anywhere in the queue.
    static let jobs = on(Channel.jobs)
    /// Notification events wait to be sent.
    static let events = on(Channel.events)
    /// The column of a statement whose rows have each written an event.
    package static let ofEvents: SQL = column(events)

    /// The last column of a statement. Elements that are NULL are not sent.
    package static func column(_ elements: SQL...) -> SQL {
        let list = elements.dropFirst().reduce(elements.first ?? "NULL") { "\(sql: $0), \(sql: $1)" }
        return "array_remove(ARRAY[\(sql: list)]::text[], NULL) AS news"
    }

    private static func on(_ channel: String) -> SQL { SQL(trusted: "'\(channel)'") }

    /// A notification with a payload; NULL when the payload is NULL.
    static func on(_ channel: String, _ payload: SQL) -> SQL {
        "(\(sql: SQL(trusted: "'\(channel) '")) || \(sql: payload))"
    }

    /// There are jobs to be claimed, the first of them in `rows`, which has a `claim_order`.
    package static func jobs(of rows: String) -> SQL {
        "(SELECT \(sql: on(Channel.jobs, place(of: "min(claim_order)"))) FROM \(identifier: rows))"
    }

    /// The notifications about a returned job, for a row with `id`, `claim_order` and `completed_at`: it has ended, or
    /// is pending again.
    static let returnedJob: SQL = column(
        reconcile,
        "CASE WHEN completed_at IS NULL THEN \(sql: on(Channel.jobs, place(of: "claim_order"))) END",
        "CASE WHEN completed_at IS NOT NULL THEN \(sql: on(Channel.finished, "id")) END"
    )

    /// As ``returnedJob``, for all in `rows`, in a statement that returns one row.
    static func returnedJobs(of rows: String) -> SQL {
        """
        CASE WHEN EXISTS (SELECT FROM \(identifier: rows)) THEN
            array_remove(ARRAY[\(sql: reconcile), \(sql: jobs(of: rows))], NULL) || ARRAY(
                SELECT \(sql: on(Channel.finished, "id")) FROM \(identifier: rows) WHERE completed_at IS NOT NULL
            )
        END
        """
    }

    /// A place in the queue, as ``QueuePlace/init(news:)`` reads it.
    private static func place(of order: SQL) -> SQL {
        "(extract(epoch FROM \(sql: order)) * 1000000)::bigint"
    }
}
