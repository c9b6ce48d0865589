// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PostgresClient
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// Workers that keep running after they have lost their lease.
@Suite struct LostContactTests {
    enum Loss: CaseIterable {
        /// Its connections stay open but no longer carry data.
        case cutOff
        /// SIGSTOP, and SIGCONT after the lease has expired.
        case frozen
    }

    @Test(.database(.currentSchema), .timeLimit(.minutes(2)), arguments: Loss.allCases)
    func `a worker that lost contact has no children when another takes over, and changes nothing later`(
        loss: Loss
    ) async throws {
        try await ChaosFleet.open { chaos in
            let network = try await StallingNetwork(to: chaos.fleet.database)
            let lost = try await chaos.worker("lost", settings: ["STOKER_DATABASE_URL": network.connectionString])
            let loser = loss == .cutOff ? network.process : lost
            try await showTakeover(
                chaos,
                from: lost,
                lose: { loser.send(.suspend) },
                restore: { loser.send(.resume) }
            )
        }
    }

    @Test(
        .database(.currentSchema),
        .timeLimit(.minutes(2)),
        .enabled("network namespaces are not permitted here, or ip, nsenter and unshare are missing") {
            await NetworkHost.isPermitted
        }
    )
    func `a worker on a machine whose link is down has no children when another takes over, and changes nothing later`()
        async throws
    {
        try await ChaosFleet.open { chaos in
            let host = try await NetworkHost()
            let network = try await StallingNetwork(to: chaos.fleet.database, address: NetworkHost.gateway)
            let lost = try await chaos.worker(
                "lost",
                settings: ["STOKER_DATABASE_URL": network.connectionString],
                through: host.launcher + [BuiltProduct.stoker.string, "worker"]
            )
            try await showTakeover(
                chaos,
                from: lost,
                lose: { try await host.setLink("down") },
                restore: { try await host.setLink("up") }
            )
        }
    }

    /// Cuts off a worker that runs a build whose checkpoint is stored, until another worker has run the build again.
    private func showTakeover(
        _ chaos: ChaosFleet,
        from lost: RunningProcess,
        lose: () async throws -> Void,
        restore: () async throws -> Void
    ) async throws {
        try await chaos.enqueue(1, "long")
        _ = try await chaos.watch.until("the first execution") { chaos.witness.hasBegun("long1") ? true : nil }
        _ = try await chaos.watch.until("its checkpoint") {
            try await chaos.stateAndEpoch("long1") == "\"begun by 1\" 1" ? true : nil
        }
        let successor = try await chaos.worker("successor")

        try await lose()
        let ends = try await chaos.ends(of: "long", within: .seconds(30))
        #expect(ends == ["succeeded 1 of 1"])
        // The first execution had ended before the second began, which continued from the checkpoint.
        #expect(chaos.witness.overlaps == [])
        #expect(chaos.witness.epochs(of: "long1") == [1, 3])
        #expect(chaos.witness.state(givenTo: "long1", epoch: 3) == "begun by 1")

        let before = try await chaos.row(of: "long1")
        try await restore()
        // The worker learns that it was declared lost, and ends; what its execution left is kept beside the job.
        let status = try await lost.exit()
        #expect(!status.isSuccess)
        let again = try await chaos.worker("lost")
        let late = try await chaos.watch.column(
            "SELECT convert_from(state, 'UTF8') || ' from ' || worker_name FROM late_states"
        )
        #expect(late == ["\"interrupted by 1\" from lost"])
        let after = try await chaos.row(of: "long1")
        #expect(after == before)
        let state = try await chaos.stateAndEpoch("long1")
        #expect(state == "\"done by 3\" 3")
        // A deletion destroys the resources of the workspace's state and of the late state.
        try await chaos.fleet.run("workspaces", "delete", "long1", "--owner", "ada")
        try await chaos.watch.until(
            "the deletion",
            "SELECT count(*) FROM workspaces WHERE name = 'long1' AND NOT deleted",
            is: 0
        )
        #expect(chaos.witness.epochs(of: "long1") == [1, 3, 1, 1])
        #expect(chaos.witness.state(givenTo: "long1", epoch: 1) == "interrupted by 1")
        #expect(try await chaos.watch.number("SELECT count(*) FROM late_states") == 0)
        try await chaos.requireNoLeftovers(of: ["lost"])
        for process in [successor, again] { try await process.end() }
    }
}

extension ChaosFleet {
    /// The state that the database has for a workspace's build, and the job's epoch.
    func stateAndEpoch(_ workspace: String) async throws -> String? {
        try await watch.column(
            """
            SELECT concat_ws(' ', convert_from(b.provisioner_state, 'UTF8'), j.claim_epoch)
            FROM workspaces w JOIN workspace_builds b ON b.workspace_id = w.id JOIN provisioner_jobs j ON j.id = b.job_id
            WHERE w.name = \(workspace)
            """
        ).first
    }

    /// Everything about a workspace's job that an execution may write, except the late state; and the lost leases.
    func row(of workspace: String) async throws -> [String] {
        try await watch.column(
            """
            SELECT concat_ws(' ', j::text, b::text, (
                SELECT string_agg(l::text, ',' ORDER BY l.id) FROM provisioner_job_logs l
                WHERE l.job_id = j.id AND l.source = 'provisioner'
            ), (SELECT string_agg(concat_ws(' ', l.state, l.lease_expires_at), ',') FROM workers l WHERE l.state = 'lost'))
            FROM workspaces w JOIN workspace_builds b ON b.workspace_id = w.id JOIN provisioner_jobs j ON j.id = b.job_id
            WHERE w.name = \(workspace)
            """
        )
    }
}
