// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
import Time

extension Store {
    /// Registers a worker that has just started; its lease runs from now.
    ///
    /// Throws ``StoreError`` of code `.notFound` for an unknown organization.
    package func register(_ worker: WorkerRegistration) async throws {
        let unknown = try await pool.execute(
            "workers.register",
            within: .seconds(10),
            """
            WITH named AS MATERIALIZED (
                SELECT n.name, o.id FROM unnest(\(worker.organizations)) n(name)
                LEFT JOIN organizations o ON lower(o.name) = lower(n.name) OR o.id::text = lower(n.name)
            ), entered AS (
                INSERT INTO workers (id, name, hostname, version, tags, organization_ids, capacity, state,
                    lease_expires_at, reads_compressed_states)
                SELECT \(worker.id), \(worker.name), \(worker.hostname), \(worker.version),
                    \(PostgresJSON(worker.tags)), coalesce(array_agg(id), '{}'), \(Int32(worker.capacity)), 'active',
                    now() + make_interval(secs => \(worker.leaseDuration.inSeconds)), true
                FROM named HAVING count(*) = count(id)
            )
            SELECT name FROM named WHERE id IS NULL
            """
        )
        if let name = try unknown.first?.decode(String.self) {
            throw StoreError.notFound("organization", name, remedy: "See worker.organizations.")
        }
    }

    /// Whether states may be compressed: every running worker can read them. Once true it stays true, because a worker
    /// of an earlier release does not start on this schema.
    package func mayCompressStates() async throws -> Bool {
        let rows = try await pool.execute(
            "workers.read_compressed",
            within: .seconds(5),
            """
            SELECT NOT EXISTS (
                SELECT FROM workers w WHERE \(sql: .isUp("w")) AND NOT reads_compressed_states
            )
            """
        )
        return try rows.only().decode(Bool.self)
    }

    /// Heartbeat: renews the worker's lease and returns the state of its jobs, in one statement.
    ///
    /// A worker that was declared lost stays lost: its jobs were taken away, and it must start anew.
    package func heartbeat(_ worker: WorkerID, lease: Duration, holding jobs: [HeldJob]) async throws -> Heartbeat {
        let rows = try await lifeline.execute(
            "workers.heartbeat",
            // Short enough that several may fail before the lease ends.
            within: min(.seconds(5), lease / 4),
            """
            WITH renewed AS (
                UPDATE workers SET lease_expires_at = now() + make_interval(secs => \(lease.inSeconds)),
                    last_seen_at = now()
                WHERE id = \(worker) AND state <> 'lost'
                RETURNING state, state_reason, drain_deadline
            ), held AS (
                SELECT h.position, j.canceled_at IS NOT NULL AS canceled, j.id IS NULL AS lost
                FROM unnest(\(jobs.map(\.id)), \(jobs.map(\.epoch))) WITH ORDINALITY h(id, epoch, position)
                -- One by one, by key: a plan for a small table would read all of a large one.
                LEFT JOIN LATERAL (
                    SELECT * FROM provisioner_jobs
                    WHERE id = h.id AND claim_epoch = h.epoch AND completed_at IS NULL OFFSET 0
                ) j ON true
            )
            SELECT now() AS now, coalesce(r.state::text, 'lost') AS state, coalesce(r.state_reason, '') AS state_reason,
                r.drain_deadline, ARRAY(SELECT position FROM held WHERE canceled) AS canceled,
                ARRAY(SELECT position FROM held WHERE lost) AS lost, mine.ids, mine.epochs,
                \(sql: Self.inMaintenance) AS in_maintenance
            FROM (
                SELECT coalesce(array_agg(id), '{}') AS ids, coalesce(array_agg(claim_epoch), '{}') AS epochs
                FROM provisioner_jobs WHERE worker_id = \(worker) AND completed_at IS NULL
            ) mine LEFT JOIN renewed r ON true
            """
        )
        let row = try rows.only()
        func these(_ positions: [Int64]) -> [HeldJob] { positions.map { jobs[Int($0) - 1] } }
        return Heartbeat(
            now: try row["now"],
            state: (try row["state"] as OpenEnum<WorkerState>).known ?? .lost,
            stateReason: try row["state_reason"],
            drainDeadline: try row["drain_deadline"],
            canceled: these(try row["canceled"]),
            lost: these(try row["lost"]),
            held: Set(zip(try row["ids"] as [JobID], try row["epochs"] as [Int64]).map(HeldJob.init)),
            inMaintenance: try row["in_maintenance"]
        )
    }

    /// Sets a worker's state; from the commit on, `draining` and `drained` workers claim nothing. The end of a drain
    /// writes one event `worker_drained`.
    package func setWorkerState(
        _ worker: WorkerID,
        _ state: WorkerState,
        reason: String = "",
        drainWithin: Duration? = nil
    ) async throws {
        _ = try await pool.execute(Self.workerState(worker, state, reason: reason, drainWithin: drainWithin))
    }

    static func workerState(
        _ worker: WorkerID,
        _ state: WorkerState,
        reason: String,
        drainWithin: Duration? = nil
    ) -> Statement {
        Statement(
            "workers.state",
            within: .seconds(10),
            """
            WITH before AS (
                SELECT id, name, state, state_reason, jobs_handed_over FROM workers
                WHERE id = \(worker) AND state <> 'lost' FOR UPDATE
            ), changed AS (
                -- A drained worker stays drained when its process ends.
                UPDATE workers w SET state_reason = \(reason), state = CASE
                        WHEN \(state.rawValue) = 'draining' AND before.state = 'drained' THEN 'drained'
                        ELSE \(state.rawValue)
                    END::worker_state,
                    drain_deadline = now() + make_interval(secs => \(drainWithin?.inSeconds)), updated_at = now(),
                    jobs_handed_over = CASE WHEN \(state.rawValue) = 'drained' THEN 0 ELSE w.jobs_handed_over END
                FROM before WHERE w.id = before.id
            )
            SELECT stoker_emit_event(
                \(sql: .event(.workerDrained)), NULL, \(sql: PlanWriter.templateAdmins), jsonb_build_object('worker', name),
                jsonb_build_object('worker', jsonb_build_object('id', id, 'name', name), 'jobs', jobs_handed_over,
                    'by', substring(state_reason FROM '^drained by (.*)$'),
                    -- The reason that was given when the drain began.
                    'reason', CASE WHEN state = 'draining' THEN state_reason ELSE \(reason) END),
                ARRAY[id], 'worker/' || id, NULL, now()
            ), \(sql: News.ofEvents)
            FROM before WHERE \(state.rawValue) = 'drained' AND state <> 'drained'
            """
        )
    }

    /// Reaps the jobs of workers whose lease has ended: they go back to the queue while attempts are left, else they
    /// fail with `WORKER_LOST`. One worker of the fleet does it at a time; the others return at once.
    ///
    /// The work of the lost worker is unknown, so the next execution refreshes before any change. The epoch grows, so
    /// later writes of the lost worker match no row.
    ///
    /// - Parameter uptime: A ``serverUptime()``: nothing is done when the server has started again since.
    package func reapLostWorkers(ifUpFor uptime: Duration = .zero) async throws -> ReapedJobs {
        try await pool.withTransaction("workers.reap") { transaction in
            let row = try await transaction.execute(Self.reap(ifUpFor: uptime)).only()
            let reaped = ReapedJobs(
                workers: try row["workers"],
                requeued: try row["requeued"],
                failed: try row["failed"]
            )
            if !reaped.failed.isEmpty { _ = try await transaction.execute(Self.failedEvents(reaped.failed)) }
            return reaped
        }
    }

    /// How long ago the database server was started.
    package func serverUptime() async throws -> Duration {
        let rows = try await pool.execute(
            "workers.server_uptime",
            within: .seconds(5),
            "SELECT extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())::float8"
        )
        return .seconds(try rows.only().decode(Double.self))
    }

    private static func reap(ifUpFor uptime: Duration) -> Statement {
        Statement(
            "workers.reap",
            within: .seconds(20),
            """
            WITH turn AS MATERIALIZED (
                SELECT pg_try_advisory_xact_lock(\(literal: AdvisoryLock.namespace), \(literal: AdvisoryLock.reap))
                    AND clock_timestamp() - pg_postmaster_start_time() >= make_interval(secs => \(uptime.inSeconds)) AS mine
            ), newly_lost AS (
                UPDATE workers SET state = 'lost', state_reason = 'its lease ended at ' || lease_expires_at,
                    updated_at = now()
                WHERE state IN ('active', 'draining') AND lease_expires_at < now() AND (SELECT mine FROM turn)
                RETURNING id, name
            ), taken AS (
                UPDATE provisioner_jobs j SET
                    \(sql: takenBack(
                    orFailing: "'The worker ' || lost.name || ' was lost while it ran this job, and no attempts are left.'"
                ))
                -- Also of workers that were lost before: a claim in progress when its worker was declared lost may commit
                -- after this statement has read. And of workers that ended without handing back all their jobs.
                FROM workers lost
                WHERE j.worker_id = lost.id AND j.completed_at IS NULL AND (SELECT mine FROM turn)
                    AND (lost.state = 'lost' OR lost.id IN (SELECT id FROM newly_lost)
                        OR lost.state = 'drained' AND lost.lease_expires_at < now())
                RETURNING j.id, j.claim_order, lost.id AS worker_id, j.completed_at
            ), events AS (
                SELECT stoker_emit_event(
                    \(sql: .event(.workerLost)), NULL, \(sql: PlanWriter.templateAdmins), jsonb_build_object('worker', lost.name),
                    jsonb_build_object('worker', jsonb_build_object('id', lost.id, 'name', lost.name),
                        'jobs', (SELECT count(*) FROM taken WHERE taken.worker_id = lost.id)),
                    ARRAY[lost.id], 'worker/' || lost.id, NULL, now()
                ) FROM newly_lost lost
            )
            SELECT ARRAY(SELECT id FROM newly_lost) AS workers,
                ARRAY(SELECT id FROM taken WHERE completed_at IS NULL) AS requeued,
                ARRAY(SELECT id FROM taken WHERE completed_at IS NOT NULL) AS failed, (SELECT count(*) FROM events) AS events,
                \(sql: News.returnedJobs(of: "taken"))
                    || CASE WHEN EXISTS (SELECT FROM newly_lost) THEN ARRAY[\(sql: News.events)] END AS news
            """
        )
    }
}

/// The result of reaping.
package struct ReapedJobs: Hashable, Sendable {
    /// Workers that were newly declared lost.
    package var workers: [WorkerID] = []
    /// Jobs that are pending again.
    package var requeued: [JobID] = []
    /// Jobs that ended: canceled, or without attempts left.
    package var failed: [JobID] = []
}
