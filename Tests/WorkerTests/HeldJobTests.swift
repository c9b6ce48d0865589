// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Provisioning
import TestSupport
import Testing

@testable import Store
@testable import Worker

/// Builds for which the cloud has no room: `CAPACITY` is held with a growing delay (jobs.md, "When a build fails").
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct HeldJobTests {
    @Test func `a build without capacity is held for as long as it takes, and the pool orders no other`() async throws {
        let area = try await TestArea.shared.makeDirectory()
        // Echo runs nothing.
        let host = ProvisioningHost(workDirectory: area, guardExecutable: area, environment: [:]) { _ in false }
        try await TestPools.open { pools in
            let preset = try await pools.addPreset("us", desired: 1)
            try await pools.sql("UPDATE templates SET provisioner = 'echo'")
            try await pools.sql(
                """
                INSERT INTO template_version_preset_parameters (template_version_preset_id, name, value)
                VALUES (\(preset), 'echo_fail', 'CAPACITY: no such machine is to be had')
                """
            )
            try await pools.reconcile()
            let worker = try await pools.addWorker(slots: 4)
            let executor = Executor(
                store: pools.store,
                provisioners: [.echo: EchoProvisioner(host: host)],
                logger: TestPools.logger
            )
            var waits: [Double] = []
            // More often than a job has attempts.
            for _ in 0..<5 {
                let jobs = try await pools.store.claimJobs(for: worker, limit: 4, poolLimit: 4)
                #expect(jobs.map(\.attempt) == [1])
                for job in jobs {
                    let control = ExecutionControl(limits: ExecutionLimits(), leaseUntil: .now + .seconds(60))
                    await executor.execute(job, control: control)
                    let reason = try #require(try await pools.store.pendingReasons(of: job.id).first)
                    #expect(reason.reason == .notDue)
                    #expect(
                        reason.message.hasSuffix("its last attempt failed with CAPACITY: no such machine is to be had")
                    )
                }
                try await pools.reconcile()
                waits.append(
                    try await pools.value(
                        "SELECT extract(epoch FROM available_at - now())::float8 FROM provisioner_jobs"
                    )
                )
                try await pools.sql("UPDATE provisioner_jobs SET available_at = now()")
            }
            #expect(waits.allSatisfy { 29...3_600 ~= $0 })
            #expect(try await pools.value("SELECT count(*) FROM workspaces") == 1)
            #expect(try await pools.value("SELECT prebuild_status::text FROM template_version_presets") == "healthy")
            // It was begun: that it waits long after is no reason to give it up.
            try await pools.sql("UPDATE provisioner_jobs SET available_at = now() - interval '2 hours'")
            #expect(try await pools.store.expirePendingJobs(after: .seconds(1_800)) == OverdueJobs())
        }
    }
}
