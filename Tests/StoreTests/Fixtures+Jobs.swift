// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Store

extension Fleet {
    static let defaultTags = #"{"scope":"organization","owner":""}"#

    /// A worker whose lease has long to run.
    func addWorker(
        tags: String = Fleet.defaultTags,
        organizations: [OrganizationID] = [],
        lease: Duration = .seconds(600)
    ) async throws -> WorkerID {
        let worker = WorkerRegistration(
            name: "worker",
            hostname: "host",
            version: "1",
            tags: tags,
            organizations: organizations.map { "\($0)" },
            capacity: 4,
            leaseDuration: lease
        )
        try await store.register(worker)
        return worker.id
    }

    /// A job without a build, due so long ago.
    @discardableResult
    func addJob(
        _ jobClass: JobClass = .pool,
        dueFor waited: Duration = .zero,
        tags: String = Fleet.defaultTags,
        organization: OrganizationID? = nil,
        maxAttempts: Int = 3
    ) async throws -> JobID {
        try await value(
            """
            INSERT INTO provisioner_jobs (organization_id, initiator_id, priority, available_at, tags, max_attempts)
            VALUES (\(organization ?? self.organization), \(prebuildsUserID), \(jobClass.priority),
                now() - make_interval(secs => \(Double(waited.components.seconds))), \(PostgresJSON(tags)), \(maxAttempts))
            RETURNING id
            """
        )
    }

    /// A job that the worker has just claimed.
    func claimOne(for worker: WorkerID) async throws -> ClaimedJob {
        guard let job = try await store.claimJobs(for: worker, limit: 1, poolLimit: 1).first else {
            throw StoreError(.inconsistent, "the test's worker got no job")
        }
        return job
    }

    func complete(_ job: ClaimedJob, _ result: JobResult) async throws {
        try await store.completeBuild(job.held, BuildCompletion(result: result))
    }

    func status(of job: JobID) async throws -> JobStatus? {
        JobStatus(rawValue: try await value("SELECT job_status::text FROM provisioner_jobs WHERE id = \(job)"))
    }

    func status(of preset: PresetID) async throws -> String {
        try await value("SELECT prebuild_status::text FROM template_version_presets WHERE id = \(preset)")
    }

    /// The worker's lease ends now.
    func endLease(of worker: WorkerID) async throws {
        try await sql("UPDATE workers SET lease_expires_at = now() - interval '1 millisecond' WHERE id = \(worker)")
    }

    func requestCancel(of job: JobID) async throws {
        try await sql("UPDATE provisioner_jobs SET canceled_at = now() WHERE id = \(job)")
    }
}

extension Collection {
    /// The only element; nil when there are none or several.
    var only: Element? { count == 1 ? first : nil }
}
