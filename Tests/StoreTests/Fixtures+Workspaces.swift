// SPDX-License-Identifier: Apache-2.0

import Domain
import Operations
import PostgresClient
import Prebuilds
import Store
import Templates
import TestSupport
import Time

extension Fleet {
    /// A build and where it stands; times count back from ``now``.
    struct Build: Sendable {
        var transition = Transition.start
        var status = JobStatus.succeeded
        var errorCode: String?
        var createdAt = Fleet.now - .seconds(7_200)
    }

    struct Workspace: Hashable, Sendable {
        let id: WorkspaceID
        let builds: [BuildID]
        let jobs: [JobID]
    }

    /// A prebuild of the preset, or a workspace of another owner made with it; created 2 h ago, its jobs started then and
    /// completed an hour later.
    @discardableResult
    func addWorkspace(
        of preset: PresetID,
        owner: UserID = prebuildsUserID,
        name: String? = nil,
        createdAt: Instant = Fleet.now - .seconds(7_200),
        _ builds: Build...
    ) async throws -> Workspace {
        let name = name ?? "w-\(WorkspaceID.random())"
        let id: WorkspaceID = try await value(
            """
            INSERT INTO workspaces (owner_id, organization_id, template_id, name, created_at)
            SELECT \(owner), t.organization_id, t.id, \(name), \(createdAt)
            FROM template_version_presets p JOIN template_versions v ON v.id = p.template_version_id
            JOIN templates t ON t.id = v.template_id WHERE p.id = \(preset) RETURNING id
            """
        )
        var made: (builds: [BuildID], jobs: [JobID]) = ([], [])
        for build in builds.isEmpty ? [Build()] : builds {
            let (buildID, jobID) = try await addBuild(build, to: id, of: preset)
            made.builds.append(buildID)
            made.jobs.append(jobID)
        }
        return Workspace(id: id, builds: made.builds, jobs: made.jobs)
    }

    /// The next build of the workspace, with its job.
    @discardableResult
    func addBuild(
        _ build: Build,
        to workspace: WorkspaceID,
        of preset: PresetID
    ) async throws -> (build: BuildID, job: JobID) {
        let status = build.status
        let job = JobID.random()
        try await sql(
            """
            INSERT INTO provisioner_jobs (id, organization_id, initiator_id, started_at, canceled_at, completed_at, error,
                error_code, created_at)
            SELECT \(job), organization_id, owner_id, \(status == .pending ? nil : build.createdAt),
                \(status == .canceling || status == .canceled ? build.createdAt + .seconds(1_800) : nil),
                \(status == .succeeded || status == .canceled || status == .failed ? build.createdAt + .seconds(3_600) : nil),
                \(status == .failed ? "it did not work" : nil), \(build.errorCode), \(build.createdAt)
            FROM workspaces WHERE id = \(workspace)
            """
        )
        let id: BuildID = try await value(
            """
            INSERT INTO workspace_builds (workspace_id, template_version_id, build_number, transition, initiator_id, job_id,
                template_version_preset_id, created_at)
            SELECT \(workspace), p.template_version_id,
                1 + (SELECT count(*) FROM workspace_builds WHERE workspace_id = \(workspace)),
                \(build.transition.rawValue)::workspace_transition, \(prebuildsUserID), \(job), p.id, \(build.createdAt)
            FROM template_version_presets p WHERE p.id = \(preset) RETURNING id
            """
        )
        try await sql(
            """
            INSERT INTO workspace_build_parameters (workspace_build_id, name, value)
            SELECT \(id), name, value FROM template_version_preset_parameters WHERE template_version_preset_id = \(preset)
            """
        )
        return (id, job)
    }

    /// An agent of the workspace's last build.
    func addAgent(to workspace: Workspace, state: String = "ready") async throws {
        try await sql(
            """
            WITH resource AS (
                INSERT INTO workspace_resources (job_id, transition, type, name)
                VALUES (\(workspace.jobs.last), 'start', 'container', 'main') RETURNING id
            )
            INSERT INTO workspace_agents (resource_id, lifecycle_state)
            SELECT id, \(state)::workspace_agent_lifecycle_state FROM resource
            """
        )
    }
}

// MARK: - What is there

extension Fleet {
    /// A workspace as the database shows it, with its builds from first to last, such as `start succeeded`.
    struct Seen: Hashable, Sendable {
        var id: WorkspaceID
        var isPrebuild = true
        var builds: [String]
    }

    /// All workspaces that are not deleted, oldest first.
    func workspaces() async throws -> [Seen] {
        try await sql(
            """
            SELECT w.id, w.owner_id = \(prebuildsUserID), ARRAY(
                SELECT b.transition || ' ' || j.job_status FROM workspace_builds b JOIN provisioner_jobs j ON j.id = b.job_id
                WHERE b.workspace_id = w.id ORDER BY b.build_number
            )
            FROM workspaces w WHERE NOT w.deleted ORDER BY w.created_at, w.id
            """
        ).map { row in
            let (id, isPrebuild, builds) = try row.decode(WorkspaceID.self, Bool.self, [String].self)
            return Seen(id: id, isPrebuild: isPrebuild, builds: builds)
        }
    }

    /// How many workspaces were begun and are still waiting, by preset.
    func pendingStarts(of preset: PresetID) async throws -> Int {
        try await value(
            """
            SELECT count(*) FROM workspace_latest_builds
            WHERE template_version_preset_id = \(preset) AND transition = 'start' AND job_status = 'pending'
            """
        )
    }

    /// Types of the events written so far, in order.
    func eventTypes() async throws -> [String] {
        try await column("SELECT type FROM notification_events ORDER BY created_at, id")
    }

    func count(of table: String) async throws -> Int {
        try await value("SELECT count(*) FROM \(identifier: table)")
    }
}

// MARK: - Passes

extension Fleet {
    struct LockHeld: Error {}

    /// One pass with the real rules; throws ``LockHeld`` when another is in one.
    ///
    /// - Parameter named: The presets to which it is limited.
    @discardableResult
    func pass(
        at now: Instant? = Fleet.now,
        of named: Set<PresetID>? = nil,
        limits: PlanLimits = .none,
        memory: PlanMemory = PlanMemory()
    ) async throws -> (plan: Plan, applied: AppliedPlan) {
        let reconciliation = Reconciliation(store: store, limits: limits, zones: ZoneDirectory())
        let result = try await reconciliation.pass(at: now, of: named, memory: memory)
        guard case .done(let plan, let applied) = result else { throw LockHeld() }
        return (plan, applied)
    }

    /// A pass that writes another plan than the rules make of what it sees.
    func pass(at now: Instant = Fleet.now, making plan: (Pass) -> Plan) async throws -> (
        plan: Plan, applied: AppliedPlan
    ) {
        let made = try await store.pass(at: now, limits: .none) { pass in
            let plan = plan(pass)
            return (plan, try await pass.write(plan, recording: plan.presets))
        }
        guard let made else { throw LockHeld() }
        return made
    }

    func passes(_ count: Int, at now: Instant = Fleet.now, limits: PlanLimits = .none) async throws {
        for _ in 0..<count { try await pass(at: now, limits: limits) }
    }
}
