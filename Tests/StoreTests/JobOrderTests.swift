// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import TestSupport
import Testing

@testable import Store

/// What operators order of single jobs: cancel, retry.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct JobOrderTests {
    @Test func `a waiting job ends at once, and a prebuild that nobody has begun is removed with it`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            _ = try await fleet.addPreset(of: template.version, desired: 1)
            try await fleet.pass()
            let job: JobID = try await fleet.value("SELECT id FROM provisioner_jobs")
            let finished = try await fleet.listen(to: Channel.finished)
            #expect(try await fleet.store.cancelJob(job) == .ended)
            #expect(try await finished.next("the end of the job") == "\(job)")
            #expect(try await fleet.status(of: job) == .canceled)
            #expect(try await fleet.workspaces() == [])
            let worker = try await fleet.addWorker()
            #expect(try await fleet.store.claimJobs(for: worker, limit: 1, poolLimit: 1) == [])
            let error = await #expect(throws: StoreError.self) { _ = try await fleet.store.cancelJob(job) }
            #expect(error == StoreError(.conflict, "Job \(job) has ended: it has been canceled"))
        }
    }

    @Test func `a user's workspace stays when its first build is canceled`() async throws {
        try await Fleet.open { fleet in
            let ada = try await fleet.addUser("ada")
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 0)
            let mine = try await fleet.addWorkspace(of: preset, owner: ada, .init(status: .pending))
            #expect(try await fleet.store.cancelJob(mine.jobs[0]) == .ended)
            #expect(try await fleet.workspaces().map(\.builds) == [["start canceled"]])
        }
    }

    @Test func `a prebuild that somebody has begun stays when it is canceled while it waits`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            _ = try await fleet.addPreset(of: template.version, desired: 1)
            try await fleet.pass()
            let worker = try await fleet.addWorker()
            let job = try await fleet.claimOne(for: worker)
            try await fleet.store.requeue(job.held, refundAttempt: true)
            #expect(try await fleet.store.cancelJob(job.id) == .ended)
            #expect(try await fleet.workspaces().map(\.builds) == [["start canceled"]])
        }
    }

    @Test func `the worker of a running job is told, and hears it with its heartbeat if it missed that`() async throws {
        try await Fleet.open { fleet in
            let worker = try await fleet.addWorker()
            try await fleet.addJob()
            let job = try await fleet.claimOne(for: worker)
            let orders = try await fleet.listen(to: Channel.workers)
            #expect(try await fleet.store.cancelJob(job.id) == .requested(worker: "worker"))
            #expect(try await orders.next("the order") == "\(worker)")
            #expect(try await fleet.status(of: job.id) == .canceling)
            let beat = try await fleet.store.heartbeat(worker, lease: .seconds(60), holding: [job.held])
            #expect(beat.canceled == [job.held])
            #expect(try await fleet.store.cancelJob(job.id) == .requested(worker: "worker"))
        }
    }

    @Test(arguments: [JobStatus.failed, .canceled])
    func `a job that failed or was canceled is tried again as the same build`(status: JobStatus) async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 0)
            let workspace = try await fleet.addWorkspace(of: preset, .init(status: status, errorCode: "FAILED"))
            let jobs = try await fleet.listen(to: Channel.jobs)
            try await fleet.store.retryJob(workspace.jobs[0])
            let news = QueuePlace(news: try await jobs.next("the wake-up"))
            let worker = try await fleet.addWorker()
            let again = try await fleet.claimOne(for: worker)
            // It says where the job stands.
            #expect(news.order == again.place?.order)
            #expect(try #require(again.place) > news)
            #expect(again.id == workspace.jobs[0])
            #expect(again.attempt == 1)
            #expect(again.refreshFirst)
            let summary = try await fleet.store.job(again.id)
            #expect([summary.error, summary.errorCode] == ["", ""])
        }
    }

    @Test(arguments: [JobStatus.pending, .running, .canceling, .succeeded])
    func `no other job is tried again`(status: JobStatus) async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 0)
            let workspace = try await fleet.addWorkspace(of: preset, .init(status: status))
            let error = await #expect(throws: StoreError.self) {
                try await fleet.store.retryJob(workspace.jobs[0])
            }
            #expect(error?.code == .conflict)
            #expect(try await fleet.status(of: workspace.jobs[0]) == status)
        }
    }

    @Test func `of a retry and a deletion of the same workspace at the same time, one is refused`() async throws {
        try await Fleet.open { fleet in
            let ada = try await fleet.addUser("ada")
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 0)
            for round in 0..<40 {
                let name = "w\(round)"
                let workspace = try await fleet.addWorkspace(of: preset, owner: ada, name: name, .init(status: .failed))
                async let retried: Void? = try? fleet.store.retryJob(workspace.jobs[0])
                async let deleted = try? fleet.store.deleteWorkspace(name)
                let ordered = await [retried != nil, deleted != nil]
                #expect(ordered.count { $0 } == 1, "round \(round): \(ordered)")
                let waiting: Int = try await fleet.value(
                    """
                    SELECT count(*) FROM workspace_builds b JOIN provisioner_jobs j ON j.id = b.job_id
                    WHERE b.workspace_id = \(workspace.id) AND j.job_status = 'pending'
                    """
                )
                #expect(waiting == 1, "round \(round)")
            }
        }
    }

    @Test func `a job is not tried again once its workspace has gone on without it`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 0)
            let twice = try await fleet.addWorkspace(of: preset, name: "twice", .init(status: .failed), .init())
            let gone = try await fleet.addWorkspace(of: preset, name: "gone", .init(status: .failed))
            try await fleet.sql("UPDATE workspaces SET deleted = true WHERE id = \(gone.id)")
            let errors = [
                await #expect(throws: StoreError.self) { try await fleet.store.retryJob(twice.jobs[0]) },
                await #expect(throws: StoreError.self) { try await fleet.store.retryJob(gone.jobs[0]) },
            ]
            #expect(
                errors == [
                    StoreError(
                        .conflict,
                        "The workspace 'twice' has had 1 newer builds since job \(twice.jobs[0])",
                        remedy: "Only the job of a workspace's latest build can be tried again."
                    ),
                    StoreError(.conflict, "The workspace 'gone' of job \(gone.jobs[0]) is deleted"),
                ]
            )
            let nobody = JobID.random()
            let missing = await #expect(throws: StoreError.self) { try await fleet.store.retryJob(nobody) }
            #expect(missing?.code == .notFound)
        }
    }
}
