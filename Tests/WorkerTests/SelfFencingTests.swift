// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Provisioning
import Store
import TestSupport
import Testing

@testable import Worker

/// A worker that cannot renew its lease ends what it runs before the lease is over (jobs.md, "Leases").
@Suite(.cluster(.migrated), .timeLimit(.minutes(1))) struct SelfFencingTests {
    @Test func `while the database is silent, a build is interrupted before its lease ends`() async throws {
        let url = TestCluster.current.connectionString
        try await TestPools.open(on: url) { pools in
            try await pools.addPreset("us", desired: 1)
            try await pools.sql("UPDATE templates SET provisioner = 'echo'")
            try await pools.reconcile()
            let area = try await TestArea.shared.makeDirectory()
            let host = ProvisioningHost(workDirectory: area, guardExecutable: area, environment: [:]) { _ in false }
            let echo = EchoProvisioner(host: host)
            let (began, ended) = (TestSignal<Void>(), TestSignal<(Interruption?, left: Duration)>())
            let endless = ScriptedProvisioner { request, reporter, control throws(ProvisioningFailure) in
                began.send()
                var request = request
                request.build.parameters = [BuildParameter(name: "echo_sleep_ms", value: "3600000", sensitive: false)]
                do throws(ProvisioningFailure) {
                    return try await echo.build(request, reporter: reporter, control: control)
                } catch {
                    ended.send((control.interruption, ContinuousClock.now.duration(to: control.leaseDeadline)))
                    throw error
                }
            }
            // As in a worker: heartbeats have a session of their own, which no other statement holds.
            try await PostgresPool.withPool(PostgresConfiguration(url), size: 1, logger: TestPools.logger) { lifeline in
                let worker = try await RunningWorker(
                    Store(pool: pools.store.pool, lifeline: lifeline),
                    on: url,
                    lease: .seconds(6),
                    heartbeat: .seconds(1),
                    provisioners: [.echo: endless]
                )
                try await began.next("the build")
                let (reason, left) = try await TestCluster.current.frozen { try await ended.next("its end") }
                #expect(reason == .leaseEnding)
                #expect(left > .zero)
                await worker.cancel()
            }
        }
    }
}
