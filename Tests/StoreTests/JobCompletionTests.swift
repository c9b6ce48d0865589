// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Store
import TestSupport
import Testing
import Time

/// How jobs end, and what their end leaves behind.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct JobCompletionTests {
    /// Every row of the table in jobs.md ("Life of a job"), and an empty error, which counts as none.
    private static let statuses: [(Bool, Bool, Bool, String?, JobStatus)] = [
        // started, canceled, completed, error
        (true, true, true, "x", .failed), (true, false, true, "x", .failed), (true, true, true, "", .canceled),
        (true, true, true, nil, .canceled), (false, true, true, nil, .canceled), (true, false, true, nil, .succeeded),
        (true, false, true, "", .succeeded), (false, false, false, "x", .failed), (true, true, false, "x", .failed),
        (true, true, false, nil, .canceling), (false, true, false, nil, .canceling),
        (false, false, false, nil, .pending), (false, false, false, "", .pending), (true, false, false, nil, .running),
        (true, false, false, "", .running),
    ]

    @Test(arguments: statuses)
    func `a job's status follows from its columns`(
        started: Bool,
        canceled: Bool,
        completed: Bool,
        error: String?,
        status: JobStatus
    ) async throws {
        try await Fleet.open { fleet in
            let job: JobID = try await fleet.value(
                """
                INSERT INTO provisioner_jobs (organization_id, initiator_id, started_at, canceled_at, completed_at, error)
                VALUES (\(fleet.organization), \(prebuildsUserID), \(started ? Fleet.now : nil),
                    \(canceled ? Fleet.now : nil), \(completed ? Fleet.now : nil), \(error)) RETURNING id
                """
            )
            #expect(try await fleet.status(of: job) == status)
        }
    }

    @Test(arguments: [
        (JobResult.succeeded, false, JobStatus.succeeded),
        (.failed(.invalid, message: "no such image"), false, .failed),
        (.failed(.failed, message: ""), false, .failed),
        (.canceled, false, .canceled),
        // A request that came too late changes nothing: what was done is done.
        (.succeeded, true, .succeeded), (.failed(.failed, message: "x"), true, .failed),
        (.canceled, true, .canceled),
    ])
    func `a result is what the job ends with`(result: JobResult, cancel: Bool, status: JobStatus) async throws {
        try await Fleet.open { fleet in
            let id = try await fleet.addJob()
            let job = try await fleet.claimOne(for: fleet.addWorker())
            if cancel { try await fleet.requestCancel(of: id) }
            try await fleet.complete(job, result)
            #expect(try await fleet.status(of: id) == status)
        }
    }

    @Test func `a finished build leaves state, resources, timings and the end of its claim`() async throws {
        try await Fleet.open { fleet in
            try await fleet.addUser("ada")
            let template = try await fleet.addTemplate()
            _ = try await fleet.addPreset(of: template.version, desired: 1)
            let claim = try await fleet.store.claim(ClaimRequest(template: "go-dev", owner: "ada", name: "mine"))
            let job = try await fleet.claimOne(for: fleet.addWorker())
            try await fleet.store.completeBuild(
                job.held,
                BuildCompletion(
                    result: .succeeded,
                    .init(
                        state: [1, 2, 3],
                        resources: [
                            .init(type: "container", name: "main", address: "container.main", dailyCost: 5),
                            .init(type: "volume", name: "home", address: "volume.home", dailyCost: 2),
                        ]
                    ),
                    timings: [
                        .init(
                            stage: "apply",
                            action: "create",
                            resource: "a",
                            startedAfter: .seconds(4),
                            endedAfter: .seconds(9)
                        )
                    ]
                )
            )
            let build = try #require(
                try await fleet.sql("SELECT provisioner_state, daily_cost FROM workspace_builds").only
            )
            #expect(try build.decode(column: 0, as: [UInt8].self) == [1, 2, 3])
            #expect(try build.decode(column: 1, as: Int.self) == 7)
            #expect(
                try await fleet.column("SELECT transition || ' ' || address FROM workspace_resources ORDER BY address")
                    == ["start container.main", "start volume.home"]
            )
            #expect(
                try await fleet.column(
                    "SELECT extract(epoch FROM ended_at - started_at)::float8 FROM provisioner_job_timings"
                ) == [5.0]
            )
            #expect(
                try await fleet.column("SELECT usable_at IS NOT NULL FROM workspace_claims WHERE id = \(claim.claimID)")
                    == [true]
            )
        }
    }

    @Test func `a finished delete removes the workspace, a failed one keeps it and tells`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 0)
            let first = try await fleet.addWorkspace(of: preset, createdAt: Fleet.now - .seconds(9))
            let second = try await fleet.addWorkspace(of: preset)
            try await fleet.pass()
            let jobs = try await fleet.store.claimJobs(for: fleet.addWorker(), limit: 2, poolLimit: 2)
            var fates: [WorkspaceID: JobResult] = [:]
            for job in jobs {
                let workspace = try await fleet.store.buildContext(of: job.held).build.workspace.id
                fates[workspace] = workspace == first.id ? .succeeded : .failed(.failed, message: "stuck")
                try await fleet.complete(job, fates[workspace] ?? .canceled)
            }
            #expect(Set(fates.keys) == [first.id, second.id])
            #expect(
                try await fleet.workspaces() == [.init(id: second.id, builds: ["start succeeded", "delete failed"])]
            )
            #expect(try await fleet.eventTypes() == ["workspace_delete_failed"])
        }
    }

    @Test(.database(.migrated, publishers: Publisher.broken))
    func `S13, resources replaced by a claim are told of once, with their paths`() async throws {
        try await Fleet.open { fleet in
            let admin = try await fleet.addUser("admin", roles: ["template-admin"])
            try await fleet.addUser("ada")
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 1)
            let prebuild = try await fleet.addWorkspace(of: preset)
            let claim = try await fleet.store.claim(ClaimRequest(template: "go-dev", owner: "ada", name: "mine"))
            #expect(claim.outcome == .hit)
            let job = try await fleet.claimOne(for: fleet.addWorker())
            try await fleet.store.completeBuild(
                job.held,
                BuildCompletion(
                    result: .succeeded,
                    .init(
                        replacements: [
                            .init(
                                address: "docker_container.main",
                                paths: ["env", "hostname"],
                                reason: "replace_because_tainted"
                            ),
                            .init(address: "docker_volume.home", paths: ["labels.owner"]),
                        ]
                    )
                )
            )
            let event = try #require(
                try await fleet.sql(
                    """
                    SELECT type, template_id::text, recipients, data->'replacements' =
                        '{"docker_container.main": ["env", "hostname"], "docker_volume.home": ["labels.owner"]}'
                            AND data->'reasons' = '{"docker_container.main": "replace_because_tainted"}',
                        labels->>'claimant', labels->>'workspace', (data->>'build_number')::int, targets[1]
                    FROM notification_events WHERE type <> 'workspace_ready'
                    """
                ).only
            )
            let (type, notification, recipients, paths, claimant, name, number, target) = try event.decode(
                String.self,
                String.self,
                [UserID].self,
                Bool.self,
                String.self,
                String.self,
                Int.self,
                WorkspaceID.self
            )
            #expect(type == "workspace_resource_replaced")
            #expect(notification == "89d9745a-816e-4695-a17f-3d0a229e2b8d")
            #expect(recipients == [admin])
            #expect(paths)
            #expect(claimant == "ada")
            #expect(name == "mine")
            #expect(number == 2)
            #expect(target == prebuild.id)
        }
    }

    @Test func `a job handed back waits for another worker, with its attempt or without`() async throws {
        try await Fleet.open { fleet in
            try await fleet.addJob()
            let worker = try await fleet.addWorker()
            let first = try await fleet.claimOne(for: worker)
            try await fleet.store.requeue(first.held, refundAttempt: true)
            let second = try await fleet.claimOne(for: worker)
            #expect(second.attempt == 1)
            #expect(second.epoch > first.epoch)
            #expect(second.refreshFirst)
            try await fleet.store.requeue(second.held, after: .seconds(60), refundAttempt: false)
            #expect(try await fleet.store.claimJobs(for: worker, limit: 1, poolLimit: 1) == [])
            #expect(try await fleet.value("SELECT attempt FROM provisioner_jobs") == 1)
        }
    }

    @Test func `a canceled job that is handed back ends`() async throws {
        try await Fleet.open { fleet in
            let id = try await fleet.addJob()
            let job = try await fleet.claimOne(for: fleet.addWorker())
            try await fleet.requestCancel(of: id)
            try await fleet.store.requeue(job.held, refundAttempt: true)
            #expect(try await fleet.status(of: id) == .canceled)
        }
    }
}
