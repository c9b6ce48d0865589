// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import TestSupport
import Testing

@testable import Store

/// Jobs that no worker begins.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct PendingTimeoutTests {
    @Test func `a job of a pool that waits too long is given up with its workspace, and is no failure`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 2)
            try await fleet.pass(at: nil)
            let jobs: [JobID] = try await fleet.column("SELECT id FROM provisioner_jobs ORDER BY id")
            try await fleet.sql(
                "UPDATE provisioner_jobs SET available_at = now() - interval '29 minutes' WHERE id = \(jobs[0])"
            )
            try await fleet.sql(
                "UPDATE provisioner_jobs SET available_at = now() - interval '31 minutes' WHERE id = \(jobs[1])"
            )
            let changes = try await fleet.listen(to: Channel.reconcile)
            #expect(
                try await fleet.store.expirePendingJobs(after: .seconds(1_800))
                    == OverdueJobs(expired: [jobs[1]], waiting: [])
            )
            _ = try await changes.next("the wake-up of the reconciler")
            let expired = try await fleet.store.job(jobs[1])
            #expect([expired.status.text, expired.error, expired.errorCode] == ["canceled", "", "EXPIRED"])
            #expect(try await fleet.status(of: jobs[0]) == .pending)
            #expect(try await fleet.workspaces().map(\.builds) == [["start pending"]])
            // It is ordered anew, without a back-off.
            #expect(try await fleet.pass(at: nil).applied.created == [preset: 1])
        }
    }

    @Test func `what somebody waits for stays, and is told`() async throws {
        try await Fleet.open { fleet in
            let interactive = try await fleet.addJob(.interactive, dueFor: .seconds(2_000))
            let deletion = try await fleet.addJob(.delete, dueFor: .seconds(1_900))
            try await fleet.addJob(.interactive, dueFor: .seconds(1_700))
            try await fleet.addJob(.pool, dueFor: .seconds(1_700))
            #expect(
                try await fleet.store.expirePendingJobs(after: .seconds(1_800))
                    == OverdueJobs(expired: [], waiting: [interactive, deletion])
            )
            #expect(try await fleet.value("SELECT count(*) FROM provisioner_jobs WHERE job_status = 'pending'") == 4)
        }
    }

    @Test func `what has been begun before is never given up`() async throws {
        try await Fleet.open { fleet in
            try await fleet.addJob()
            let worker = try await fleet.addWorker()
            let job = try await fleet.claimOne(for: worker)
            try await fleet.store.requeue(job.held, refundAttempt: true)
            try await fleet.sql("UPDATE provisioner_jobs SET available_at = now() - interval '2 hours'")
            #expect(try await fleet.store.expirePendingJobs(after: .seconds(1_800)) == OverdueJobs())
        }
    }
}
