// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import TestSupport
import Testing
import Time

@testable import Store

/// Why a job waits, as `stoker jobs show` says it: one test for each reason.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct PendingReasonTests {
    private func reasons(_ fleet: Fleet, _ job: JobID) async throws -> [String] {
        try await fleet.store.pendingReasons(of: job).map { "\($0.reason.rawValue): \($0.message)" }
    }

    @Test func `no worker is up`() async throws {
        try await Fleet.open { fleet in
            let job = try await fleet.addJob()
            let worker = try await fleet.addWorker()
            try await fleet.endLease(of: worker)
            #expect(try await reasons(fleet, job) == ["no_worker: no worker is up"])
        }
    }

    @Test func `no worker has its tags`() async throws {
        try await Fleet.open { fleet in
            let job = try await fleet.addJob(tags: #"{"zone":"eu"}"#)
            _ = try await fleet.addWorker(tags: #"{"zone":"us"}"#)
            #expect(
                try await reasons(fleet, job) == [
                    #"no_worker_with_tags: the only worker that is up lacks its tags {"zone": "eu"}"#
                ]
            )
        }
    }

    @Test func `no worker works for its organization`() async throws {
        try await Fleet.open { fleet in
            let other = try await fleet.addOrganization("other")
            let job = try await fleet.addJob()
            _ = try await fleet.addWorker(organizations: [other])
            #expect(
                try await reasons(fleet, job) == [
                    "no_worker_for_organization: no worker with its tags works for the organization 'default'"
                ]
            )
        }
    }

    @Test func `all workers drain`() async throws {
        try await Fleet.open { fleet in
            let job = try await fleet.addJob()
            let worker = try await fleet.addWorker()
            try await fleet.store.setWorkerState(worker, .draining)
            #expect(try await reasons(fleet, job) == ["draining: the only worker that could run it is draining"])
        }
    }

    @Test(arguments: ["templates", "organizations"])
    func `as many builds run as may`(capped: String) async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            _ = try await fleet.addPreset(of: template.version, desired: 2)
            try await fleet.pass()
            try await fleet.sql("UPDATE \(identifier: capped) SET max_concurrent_builds = 1")
            let worker = try await fleet.addWorker()
            _ = try await fleet.store.claimJobs(for: worker, limit: 2, poolLimit: 2)
            let job: JobID = try await fleet.value("SELECT id FROM provisioner_jobs WHERE job_status = 'pending'")
            #expect(
                try await reasons(fleet, job) == [
                    capped == "templates"
                        ? "template_capped: 1 of 1 builds of the template 'go-dev' run"
                        : "organization_capped: 1 of 1 builds of the organization 'default' run"
                ]
            )
        }
    }

    @Test func `all slots are taken, and it takes its turn`() async throws {
        try await Fleet.open { fleet in
            for _ in 0..<6 { try await fleet.addJob(dueFor: .seconds(10)) }
            let job = try await fleet.addJob()
            let worker = try await fleet.addWorker()
            #expect(try await reasons(fleet, job) == ["next: nothing holds it up; 6 jobs are before it"])
            _ = try await fleet.store.claimJobs(for: worker, limit: 4, poolLimit: 4)
            #expect(
                try await reasons(fleet, job) == [
                    "busy: all 4 slots of the only worker that could run it are taken, and 2 jobs are before it"
                ]
            )
        }
    }

    @Test func `slots that are free may be kept for jobs of people`() async throws {
        try await Fleet.open { fleet in
            let worker = try await fleet.addWorker()
            try await fleet.addJob(.interactive)
            _ = try await fleet.claimOne(for: worker)
            let refill = try await fleet.addJob()
            let waiting = try await fleet.addJob(.interactive)
            #expect(
                try await reasons(fleet, refill) == [
                    "next: nothing holds it up but slots that workers keep for jobs of people, if any; 1 jobs are before it"
                ]
            )
            #expect(try await reasons(fleet, waiting) == ["next: nothing holds it up; 0 jobs are before it"])
        }
    }

    @Test func `it is not due yet, and the fleet is in maintenance`() async throws {
        try await Fleet.open { fleet in
            let job = try await fleet.addJob(dueFor: .seconds(-3_600))
            _ = try await fleet.addWorker()
            let end = Instant(seconds: 4_000_000_000)
            try await fleet.store.pause(.maintenance, until: end, reason: "new disks", by: "ada")
            let reasons = try await fleet.store.pendingReasons(of: job)
            #expect(reasons.map(\.reason) == [.maintenance, .notDue])
            #expect(reasons.first?.message == "the fleet is in maintenance, by ada (new disks)")
            #expect(reasons.first?.until == end)
            #expect(reasons.last?.until == (try await fleet.value("SELECT available_at FROM provisioner_jobs")))
        }
    }

    @Test func `a job that does not wait has no reason to`() async throws {
        try await Fleet.open { fleet in
            try await fleet.addJob()
            let worker = try await fleet.addWorker()
            let job = try await fleet.claimOne(for: worker)
            #expect(try await reasons(fleet, job.id) == [])
        }
    }
}
