// SPDX-License-Identifier: Apache-2.0

import PostgresClient
import Prebuilds
import Provisioning
import TestSupport
import Testing

@testable import Worker

/// A worker that cannot renew its lease ends what it runs before the lease is over (jobs.md, "Leases").
@Suite(.cluster(.migrated), .timeLimit(.minutes(1))) struct SelfFencingTests {
    /// A build that takes for ever, and how it was made to end.
    private struct Endless: Provisioner {
        let host: ProvisioningHost
        let began = TestSignal<Void>()
        let ended = TestSignal<(Interruption?, left: Duration)>()

        func importVersion(
            _ request: ImportRequest,
            reporter: any ExecutionReporter,
            control: ExecutionControl
        ) async throws(ProvisioningFailure) -> ImportOutcome {
            throw ProvisioningFailure(.invalid, "nothing is imported here")
        }

        func build(
            _ request: BuildRequest,
            reporter: any ExecutionReporter,
            control: ExecutionControl
        ) async throws(ProvisioningFailure) -> BuildOutcome {
            began.send(())
            let echo = EchoProvisioner(host: host)
            var request = request
            request.parameters = [BuildParameter(name: "echo_sleep_ms", value: "3600000", sensitive: false)]
            do throws(ProvisioningFailure) {
                return try await echo.build(request, reporter: reporter, control: control)
            } catch {
                ended.send((control.interruption, ContinuousClock.now.duration(to: control.leaseDeadline)))
                throw error
            }
        }
    }

    @Test func `while the database is silent, a build is interrupted before its lease ends`() async throws {
        let url = TestCluster.current.connectionString
        try await TestPools.open(on: url) { pools in
            try await pools.addPreset("us", desired: 1)
            try await pools.sql("UPDATE templates SET provisioner = 'echo'")
            try await pools.reconcile()
            let area = try await TestArea.shared.makeDirectory()
            let host = ProvisioningHost(workDirectory: area, guardExecutable: area, environment: [:]) { _ in false }
            let endless = Endless(host: host)
            let worker = try await RunningWorker(
                pools.store,
                on: url,
                lease: .seconds(6),
                heartbeat: .seconds(1),
                provisioners: ["echo": endless]
            )
            try await endless.began.next("the build")
            let (reason, left) = try await TestCluster.current.frozen { try await endless.ended.next("its end") }
            #expect(reason == .leaseEnding)
            #expect(left > .zero)
            await worker.cancel()
        }
    }
}
