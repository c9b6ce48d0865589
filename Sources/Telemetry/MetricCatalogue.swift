// SPDX-License-Identifier: Apache-2.0

/// Every metric that Stoker exports. What is not in here is not exported.
package enum MetricCatalogue {
    package static let families: [MetricFamily] =
        prebuilds + poolsOfLate + claims + jobs + workers + webhooks + http + database + process

    private static let pool = ["template_name", "preset_name", "org_name"]

    /// 1 ms to 10 s: the range of database statements.
    private static let short: MetricFamily.Kind = .histogram(
        upperBounds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
    )

    /// 100 ms to 2 h: the range of builds and queue waits.
    private static let long: MetricFamily.Kind = .histogram(
        upperBounds: [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200]
    )

    // MARK: Pools

    private static let prebuilds = [
        prebuildsCreated, prebuildsFailed, prebuildsClaimed, resourceReplacements, prebuildsDesired, prebuildsRunning,
        prebuildsEligible, prebuildsStarting, prebuildsStuck, prebuildsOrphaned, presetHardLimited,
        presetValidationFailed, presetPaused, reconciliationPaused, maintenance, snapshotTimestamp, reconcileDuration,
        reconcilePasses, refillDuration, prebuildsTarget, autoscaleFallback, poolOverridden,
    ]

    package static let prebuildsCreated = MetricFamily(
        "stoker_prebuilds_created_total",
        .counter,
        labels: pool,
        help: "Prebuilds that this worker's passes have created."
    )
    package static let prebuildsFailed = MetricFamily(
        "stoker_prebuilds_failed_total",
        .counter,
        labels: pool,
        help: "Prebuilds whose build failed on this worker."
    )
    package static let prebuildsClaimed = MetricFamily(
        "stoker_prebuilds_claimed_total",
        .counter,
        labels: pool,
        help: "Prebuilds that became someone's workspace, in the whole fleet."
    )
    package static let resourceReplacements = MetricFamily(
        "stoker_prebuilds_resource_replacements_total",
        .counter,
        labels: pool,
        help: "Claims that replaced a resource of the prebuild, which made the user wait for what was ready."
    )
    package static let prebuildsDesired = MetricFamily(
        "stoker_prebuilds_desired",
        .gauge,
        labels: pool,
        help: "Prebuilds that there should be: by the preset, its schedule, its own choice or an operator."
    )
    package static let prebuildsRunning = MetricFamily(
        "stoker_prebuilds_running",
        .gauge,
        labels: pool,
        help: "Prebuilds whose build has succeeded, ready or not."
    )
    package static let prebuildsEligible = MetricFamily(
        "stoker_prebuilds_eligible",
        .gauge,
        labels: pool,
        help: "Prebuilds that can be claimed now."
    )
    package static let prebuildsStarting = MetricFamily(
        "stoker_prebuilds_starting",
        .gauge,
        labels: pool,
        help: "Prebuilds whose first build waits or runs."
    )
    package static let prebuildsStuck = MetricFamily(
        "stoker_prebuilds_stuck",
        .gauge,
        labels: pool + ["status"],
        help: """
            Prebuilds whose latest build failed or was canceled, of any version; what they consist of may exist. Absent \
            without any.
            """
    )
    package static let prebuildsOrphaned = MetricFamily(
        "stoker_prebuilds_orphaned",
        .gauge,
        help: "Prebuilds without a pool, because their preset, version or template is gone from the database."
    )
    package static let presetHardLimited = MetricFamily(
        "stoker_prebuilds_preset_hard_limited",
        .gauge,
        labels: pool,
        help: "1 while an active preset is hard limited after too many failures; absent otherwise."
    )
    package static let presetValidationFailed = MetricFamily(
        "stoker_prebuilds_preset_validation_failed",
        .gauge,
        labels: pool,
        help: "1 while an active preset cannot be built as it is defined; absent otherwise."
    )
    package static let presetPaused = MetricFamily(
        "stoker_prebuilds_preset_paused",
        .gauge,
        labels: pool,
        help:
            "1 while an operator has paused the pool of an active preset, with its template or with all; absent otherwise."
    )
    package static let reconciliationPaused = MetricFamily(
        "stoker_prebuilds_reconciliation_paused",
        .gauge,
        help: "1 while no pool is reconciled, by pause or maintenance; 0 otherwise."
    )
    package static let maintenance = MetricFamily(
        "stoker_maintenance",
        .gauge,
        help: "1 while the fleet is in maintenance, and claims no job; 0 otherwise."
    )
    package static let snapshotTimestamp = MetricFamily(
        "stoker_prebuilds_snapshot_timestamp_seconds",
        .gauge,
        help: "Database time of the facts about the cluster that this worker exports; absent on a worker without any."
    )
    package static let reconcileDuration = MetricFamily(
        "stoker_reconcile_duration_seconds",
        short,
        help: "Duration of a reconciler pass for all pools that held the lock."
    )
    package static let reconcilePasses = MetricFamily(
        "stoker_reconcile_passes_total",
        .counter,
        labels: ["result"],
        help: """
            Reconciler passes by how they ended: done, restricted (done for the pools that a notification named), partly (a \
            preset could not be read or written), failed (rolled back), paused, held_elsewhere.
            """
    )
    package static let refillDuration = MetricFamily(
        "stoker_refill_duration_seconds",
        long,
        help: "Time from the creation of a prebuild until it could be claimed."
    )

    package static let prebuildsTarget = MetricFamily(
        "stoker_prebuilds_target",
        .gauge,
        labels: pool,
        help: "The size that a pool chooses itself, also where it is only advice; absent where autoscaling is off."
    )
    package static let autoscaleFallback = MetricFamily(
        "stoker_prebuilds_autoscale_fallback",
        .gauge,
        labels: pool,
        help:
            "1 while the schedule decides because a replay of the last week showed that it does better; absent otherwise."
    )
    package static let poolOverridden = MetricFamily(
        "stoker_prebuilds_overridden",
        .gauge,
        labels: pool,
        help: "1 while an operator's size is in force instead of the template's; absent otherwise."
    )

    // MARK: Claims

    private static let claims = [claimOutcomes, claimDuration, claimHitRatio]

    package static let claimOutcomes = MetricFamily(
        "stoker_claims_total",
        .counter,
        labels: ["outcome", "template_name", "preset_name", "org_name"],
        help: "Claims of the whole fleet by outcome, and by pool where one was named."
    )
    package static let claimHitRatio = MetricFamily(
        "stoker_claim_hit_ratio",
        .gauge,
        help: "Share of the last hour's claims that got a prebuild, errors aside; absent without any."
    )
    package static let claimDuration = MetricFamily(
        "stoker_claim_duration_seconds",
        .histogram(upperBounds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300]),
        labels: ["stage"],
        help: "Time from a claim until the user owns the workspace (bind) and until its build has succeeded (usable)."
    )

    // MARK: Jobs

    private static let jobs = [
        jobCounts, jobQueueWait, jobOldestPending, jobDuration, jobsReaped, jobRetries,
    ]

    package static let jobCounts = MetricFamily(
        "stoker_jobs",
        .gauge,
        labels: ["status", "class", "template_name", "preset_name", "org_name"],
        help: "Jobs that have not ended, by status, class of priority, and pool where the job is for one."
    )
    package static let jobQueueWait = MetricFamily(
        "stoker_job_queue_wait_seconds",
        .histogram(upperBounds: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 1800, 3600]),
        help: "Time from when a job was due until a worker took it."
    )
    package static let jobOldestPending = MetricFamily(
        "stoker_job_oldest_pending_seconds",
        .gauge,
        help: "Time for which the oldest due job has been waiting."
    )
    package static let jobDuration = MetricFamily(
        "stoker_job_duration_seconds",
        long,
        labels: ["type", "result"],
        help: "Time that a worker spent on a job."
    )
    package static let jobsReaped = MetricFamily(
        "stoker_jobs_reaped_total",
        .counter,
        help: "Jobs taken back from lost workers by this worker."
    )
    package static let jobRetries = MetricFamily(
        "stoker_job_retries_total",
        .counter,
        help: "Jobs that this worker has put back for another attempt."
    )

    // MARK: Workers

    private static let workers = [workerCounts, workerSlots, leaseRemaining, leaseDuration]

    package static let workerCounts = MetricFamily(
        "stoker_workers",
        .gauge,
        labels: ["state"],
        help: "Workers by state."
    )
    package static let workerSlots = MetricFamily(
        "stoker_worker_slots",
        .gauge,
        labels: ["state"],
        help: "Slots of this worker, busy and free."
    )
    package static let leaseRemaining = MetricFamily(
        "stoker_lease_remaining_seconds",
        .gauge,
        help: "Time for which this worker may still run jobs without hearing from the database."
    )

    package static let leaseDuration = MetricFamily(
        "stoker_lease_duration_seconds",
        .gauge,
        help: "Length of this worker's lease, as it is after each renewal."
    )

    // MARK: Webhooks

    private static let webhooks = [webhookDeliveries, webhookDuration, webhookBacklog, webhookOldestPending]

    package static let webhookDeliveries = MetricFamily(
        "stoker_webhook_deliveries_total",
        .counter,
        labels: ["endpoint", "outcome"],
        help: "Attempts to deliver an event, by endpoint and outcome."
    )
    package static let webhookDuration = MetricFamily(
        "stoker_webhook_delivery_duration_seconds",
        .histogram(upperBounds: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15]),
        help: "Duration of an attempt to deliver an event."
    )
    package static let webhookBacklog = MetricFamily(
        "stoker_webhook_backlog",
        .gauge,
        help: "Deliveries to enabled endpoints that wait or are being sent."
    )
    package static let webhookOldestPending = MetricFamily(
        "stoker_webhook_oldest_pending_seconds",
        .gauge,
        help: "Age of the oldest delivery in the backlog."
    )

    // MARK: HTTP

    private static let http = [httpRequests, httpDuration, httpInFlight]

    package static let httpRequests = MetricFamily(
        "stoker_http_requests_total",
        .counter,
        labels: ["route", "method", "status"],
        help: "Requests that this process has answered, by route, method and status; 'none' is no route."
    )
    package static let httpDuration = MetricFamily(
        "stoker_http_request_duration_seconds",
        .histogram(upperBounds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60]),
        labels: ["route", "method"],
        help: "Time from a request until its answer begins."
    )
    package static let httpInFlight = MetricFamily(
        "stoker_http_requests_in_flight",
        .gauge,
        help: "Requests whose answer has not ended, streams among them."
    )

    // MARK: Database

    private static let database = [
        queryDuration, connections, notificationsSent, notificationsFailed, notificationQueueUsage,
    ]

    package static let queryDuration = MetricFamily(
        "stoker_db_query_duration_seconds",
        // Few: there is a series of each for every statement of the program.
        .histogram(upperBounds: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10]),
        labels: ["query"],
        help: "Duration of statements, by their names."
    )
    package static let connections = MetricFamily(
        "stoker_db_connections",
        .gauge,
        labels: ["state"],
        help: "Connections of this process to the database, by state."
    )

    package static let notificationsSent = MetricFamily(
        "stoker_notifications_sent_total",
        .counter,
        help: "Notifications (NOTIFY) that this process has sent."
    )
    package static let notificationsFailed = MetricFamily(
        "stoker_notifications_failed_total",
        .counter,
        help: "Notifications that the server refused; polling found the work instead."
    )
    package static let notificationQueueUsage = MetricFamily(
        "stoker_notification_queue_usage_ratio",
        .gauge,
        help: "How much of the server's queue of notifications is full, from 0 to 1."
    )

    // MARK: Process

    private static let process = [
        buildInfo, processCPU, processMemory, processVirtualMemory, processOpenFiles, processFileLimit, processStart,
        processThreads,
    ]

    package static let buildInfo = MetricFamily(
        "stoker_build_info",
        .gauge,
        labels: ["version"],
        help: "1, with the version of this binary as a label."
    )
    package static let processCPU = MetricFamily(
        "process_cpu_seconds_total",
        .counter,
        help: "Time that this process has spent on processors, without its children."
    )
    package static let processMemory = MetricFamily(
        "process_resident_memory_bytes",
        .gauge,
        help: "Memory of this process that is in use."
    )
    package static let processVirtualMemory = MetricFamily(
        "process_virtual_memory_bytes",
        .gauge,
        help: "Address space of this process."
    )
    package static let processOpenFiles = MetricFamily(
        "process_open_fds",
        .gauge,
        help: "Open file descriptors of this process."
    )
    package static let processFileLimit = MetricFamily(
        "process_max_fds",
        .gauge,
        help: "How many file descriptors this process may have open."
    )
    package static let processStart = MetricFamily(
        "process_start_time_seconds",
        .gauge,
        help: "When this process was started, in seconds since the Unix epoch."
    )
    package static let processThreads = MetricFamily(
        "process_threads",
        .gauge,
        help: "Threads of this process."
    )
}
