// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient

/// Conditions on jobs and workers that many statements need. Each takes the alias of the row.
extension SQL {
    /// A worker holds the job, as in ``JobStatus/isRunning``.
    static func isRunning(_ job: String) -> SQL {
        "\(identifier: job).completed_at IS NULL AND \(identifier: job).worker_id IS NOT NULL"
    }

    /// This execution holds the job: the fence.
    static func isHeld(_ job: String, by execution: HeldJob) -> SQL {
        """
        \(identifier: job).id = \(execution.id) AND \(identifier: job).claim_epoch = \(execution.epoch)
            AND \(identifier: job).completed_at IS NULL
        """
    }

    /// A person waits for the job; all other jobs refill pools, as in ``JobClass/init(priority:)``. The words are those
    /// of the index `provisioner_jobs_pending_reserved`.
    static func isAwaited(_ job: String) -> SQL {
        "\(identifier: job).priority > \(literal: Int(JobClass.pool.priority))"
    }

    /// No execution of the job has started anything.
    static func isUnattempted(_ job: String) -> SQL {
        "\(identifier: job).attempt = 0 AND NOT \(identifier: job).refresh_first"
    }

    /// The worker's lease is valid.
    static func isUp(_ worker: String) -> SQL {
        "\(identifier: worker).state <> 'lost' AND \(identifier: worker).lease_expires_at > now()"
    }

    /// The worker may claim jobs and run passes.
    static func isClaiming(_ worker: String) -> SQL {
        "\(identifier: worker).state = 'active' AND \(identifier: worker).lease_expires_at > now()"
    }

    /// The type of an event, for `stoker_emit_event`.
    static func event(_ type: EventType) -> SQL {
        "\(quoted: type.rawValue)"
    }

    /// The worker is shown in lists: it runs, or ran within the last hour.
    static func isListed(_ worker: String) -> SQL {
        """
        (\(identifier: worker).state IN ('active', 'draining')
            OR \(identifier: worker).last_seen_at > now() - interval '1 hour')
        """
    }
}

// MARK: - Plans

extension SQL {
    /// Columns that make the planner read through indexes until the end of the transaction, whatever its statistics say:
    /// these are some minutes old, when a table may have been empty. Such a plan is good for all values, so it is generic.
    static let indexPlans: SQL = """
        set_config('plan_cache_mode', 'force_generic_plan', true), set_config('jit', 'off', true),
            set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
            set_config('enable_sort', 'off', true), set_config('enable_hashjoin', 'off', true),
            set_config('enable_mergejoin', 'off', true)
        """
}

extension Statement {
    /// ``SQL/indexPlans`` for the statements behind it.
    static let indexPlans = Statement("store.index_plans", reading: true, "SELECT \(sql: .indexPlans)")
}
