// SPDX-License-Identifier: Apache-2.0

import Domain
import Operations
import PostgresClient
import Prebuilds
import Store
import Templates

/// A template that is pushed again and again, with the pool of its preset, and a worker that builds what the passes order.
struct RolloutRoom {
    let fleet: Fleet
    let worker: WorkerID
    let limits = PlanLimits(backoffInterval: .zero, backoffLookback: .zero, failureHardLimit: 2)

    static func open(_ body: (RolloutRoom) async throws -> Void) async throws {
        try await Fleet.open { fleet in
            try await fleet.addUser("ada")
            try await fleet.addUser("admin", roles: ["template-admin"])
            try await body(RolloutRoom(fleet: fleet, worker: try await fleet.addWorker()))
        }
    }

    /// Pushes and imports a version.
    ///
    /// - Parameter files: What a build depends on: other files are other workspaces.
    func push(
        _ version: String,
        files: String,
        instances: Int = 4,
        ttl: Int = 0,
        rollout: RolloutSettings = RolloutSettings(),
        broken: Set<String> = []
    ) async throws {
        let settings = PrebuildSettings(instances: instances, ttlSeconds: ttl, rollout: rollout)
        let manifest = TemplateManifest(
            name: "go-dev",
            provisioner: .process,
            presets: [TemplatePreset(name: "us", isDefault: true, prebuilds: settings)],
            filesDigest: files
        )
        let push = TemplatePush(
            templateName: "go-dev",
            provisioner: .process,
            versionName: version,
            archive: Array(version.utf8),
            hash: version
        )
        let (_, id) = try await fleet.store.pushTemplate(push)
        // Claims are built before it.
        while true {
            let job = try await fleet.claimOne(for: worker)
            if job.id == id {
                return try await fleet.store.completeImport(
                    job.held,
                    manifest,
                    fleet.store.importContext(of: job.held)
                )
            }
            try await finish(job, broken: broken)
        }
    }

    /// Ends a build; one of a broken version fails.
    private func finish(_ job: ClaimedJob, broken: Set<String>) async throws {
        let version: String = try await fleet.value(
            """
            SELECT v.name FROM workspace_builds b JOIN template_versions v ON v.id = b.template_version_id
            WHERE b.job_id = \(job.id)
            """
        )
        let transition: String = try await fleet.value(
            "SELECT transition::text FROM workspace_builds WHERE job_id = \(job.id)"
        )
        let fails = broken.contains(version) && transition == "start"
        try await fleet.complete(job, fails ? .failed(.failed, message: "it is broken") : .succeeded)
    }

    /// Ends some of the builds in the queue. Returns how many.
    @discardableResult
    func build(_ count: Int, broken: Set<String>) async throws -> Int {
        let jobs = try await fleet.store.claimJobs(for: worker, limit: count, poolLimit: count)
        for job in jobs { try await finish(job, broken: broken) }
        return jobs.count
    }

    /// Makes passes and builds until nothing is left to do; builds of a broken version fail.
    func settle(broken: String? = nil, rounds: Int = 12) async throws {
        for _ in 0..<rounds {
            try await pass()
            try await build(50, broken: broken.map { [$0] } ?? [])
        }
        try await pass()
    }

    @discardableResult
    func pass(of named: Set<PresetID>? = nil) async throws -> (plan: Plan, applied: AppliedPlan) {
        try await fleet.pass(at: nil, of: named, limits: limits)
    }

    /// The prebuilds that can be claimed, by the version of their build: `v1 4`.
    func ready() async throws -> [String] {
        try await fleet.column(
            """
            SELECT v.name || ' ' || count(*) FROM workspaces w
            JOIN template_version_presets p ON p.id = w.claimable_preset_id
            JOIN template_versions v ON v.id = p.template_version_id
            WHERE w.owner_id = \(prebuildsUserID) AND NOT w.deleted AND NOT w.retiring GROUP BY v.name ORDER BY v.name
            """
        )
    }

    func claim(_ name: String, latest: Bool = false) async throws -> ClaimResult {
        try await fleet.store.claim(
            ClaimRequest(template: "go-dev", owner: "ada", name: name, latestOnly: latest)
        )
    }

    /// The version of the newest build of a workspace.
    func version(of workspace: WorkspaceID) async throws -> String {
        try await fleet.value(
            """
            SELECT v.name FROM workspace_builds b JOIN template_versions v ON v.id = b.template_version_id
            WHERE b.workspace_id = \(workspace) ORDER BY b.build_number DESC LIMIT 1
            """
        )
    }

    func status() async throws -> String { try await fleet.store.rollout(of: "go-dev").status }

    func events() async throws -> [String] {
        try await fleet.column(
            "SELECT type FROM notification_events WHERE type LIKE 'rollout%' ORDER BY created_at, sequence"
        )
    }
}
