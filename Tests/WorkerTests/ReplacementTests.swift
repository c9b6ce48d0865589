// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Provisioning
import Store
import TestSupport
import Testing

@testable import Worker

/// What a claim has replaced is told, whichever of its executions did it.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct ReplacementTests {
    /// A claim's first execution is interrupted while it replaces the disk; the plan of the second shows only the network.
    private static let interrupted = ScriptedProvisioner { request, reporter, _ throws(ProvisioningFailure) in
        guard request.build.stage == .claim else { return BuildOutcome(state: [1]) }
        guard request.job.epoch > 1 else {
            await reporter.replacing([Replacement(address: "disk", paths: ["size"], reason: "grows")])
            throw ProvisioningFailure(.interrupted, "interrupted")
        }
        return BuildOutcome(state: [2], replacements: [Replacement(address: "network", paths: [], reason: "")])
    }

    @Test func `an execution that is interrupted while it replaces something passes on what`() async throws {
        try await TestPools.open { pools in
            try await pools.addPreset("us", desired: 1)
            try await pools.sql("UPDATE templates SET provisioner = 'echo'")
            try await pools.sql("INSERT INTO users (username) VALUES ('ada')")
            try await pools.reconcile()
            let worker = try await RunningWorker(pools.store, provisioners: [.echo: Self.interrupted])
            try await worker.during { _ in
                let isIdle = "NOT EXISTS (SELECT FROM provisioner_jobs WHERE completed_at IS NULL)"
                try await pools.until(isIdle)
                let claim = try await pools.store.claim(ClaimRequest(template: "go-dev", owner: "ada", name: "mine"))
                #expect(claim.outcome == .hit)
                try await pools.until(isIdle)
            }
            let events = try await pools.sql(
                """
                SELECT concat_ws(' ', data->'replacements', data->'reasons') FROM notification_events
                WHERE type = 'workspace_resource_replaced'
                """
            ).map { try $0.decode(String.self) }
            #expect(events == [#"{"disk": ["size"], "network": []} {"disk": "grows"}"#])
            #expect(try await pools.value("SELECT count(*) FROM provisioner_jobs WHERE input ? 'replaced'") == 0)
        }
    }
}
