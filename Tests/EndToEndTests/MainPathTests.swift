// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PostgresClient
import Store
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// The main path of the product, with the built binary, real Postgres, real Terraform, and a real receiver that
/// verifies every signature with the package `standardwebhooks`.
@Suite struct MainPathTests {
    private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    @Test(.database, .timeLimit(.minutes(6)))
    func `from a push to a claimed workspace, with three workers and signed webhooks`() async throws {
        let receiver = try await WebhookReceiver.start(secrets: [Self.secret])
        let fleet = try await Fleet(settings: ["STOKER_PREBUILDS_FAILURE_HARD_LIMIT": "2"])
        try await fleet.run("migrate")
        try await fleet.run("users", "add", "alice", "--email", "alice@example.com")
        try await fleet.run("users", "add", "boss", "--role", "template-admin")
        try await fleet.run("webhooks", "add", "hook", receiver.url("/ok"), "--secret", Self.secret)

        try await DatabaseWatch.on(fleet.database) { watch in
            var workers: [RunningProcess] = []
            for name in ["one", "two", "three"] { workers.append(try await fleet.worker(name)) }
            _ = try await watch.until("three workers") {
                try await watch.number("SELECT count(*) FROM workers WHERE state = 'active'") == 3 ? true : nil
            }

            try await fleet.run("templates", "push", Fleet.example("terraform-local"))
            try await fleet.run("templates", "push", Fleet.example("process-local"))
            try await fleet.run("templates", "push", Self.failing(fleet))
            try await pools(of: watch, are: ["base 2", "eu-base 2", "replace 1"])

            try await claimInPlace(fleet, watch)
            try await pools(of: watch, are: ["base 2", "eu-base 2", "replace 1"])
            try await claimThatReplaces(fleet, watch)
            try await hardLimit(watch)
            try await claimOfProcess(fleet, watch)
            try await deletion(fleet, watch)

            try await events(at: receiver)
            try await oneReconcilerPerPass(watch)
            try await workIsSpread(watch)
            try await drain(workers, watch)
        }
    }

    /// Terraform that fails when it is applied, not when it is planned.
    private static func failing(_ fleet: Fleet) throws -> String {
        try fleet.template(
            "failing",
            [
                "stoker.yaml": """
                name: failing
                provisioner: terraform
                presets:
                  - name: doomed
                    prebuilds: { instances: 1 }
                """,
                "main.tf": """
                resource "terraform_data" "doomed" {
                  provisioner "local-exec" { command = "exit 7" }
                }
                """,
            ]
        ).string
    }
}

// MARK: - Steps

extension MainPathTests {
    private struct Claimed: Decodable {
        let outcome: String
        let workspace_id: String
        let workspace_name: String
    }

    /// Waits until every pool has as many eligible prebuilds as desired.
    private func pools(of watch: DatabaseWatch, are expected: [String]) async throws {
        _ = try await watch.until("pools \(expected)", within: .seconds(120)) {
            let ready = try await watch.column(
                """
                SELECT p.name || ' ' || count(*) FROM workspace_prebuilds w
                JOIN template_version_presets p ON p.id = w.preset_id
                WHERE w.eligible GROUP BY p.name ORDER BY p.name
                """
            )
            return ready == expected ? true : nil
        }
    }

    /// A claim changes the owner at once, its build updates in place, and the pool is refilled automatically.
    private func claimInPlace(_ fleet: Fleet, _ watch: DatabaseWatch) async throws {
        let claimed = try await fleet.json(
            Claimed.self,
            "claim",
            "terraform-local",
            "--preset",
            "eu-base",
            "--owner",
            "alice",
            "--name",
            "dev",
            "--wait"
        )
        #expect(claimed.outcome == "hit")
        let facts = try await watch.column(
            """
            SELECT concat_ws(' ', u.username, w.name, b.build_number, b.transition, b.reason, b.job_status)
            FROM workspaces w JOIN users u ON u.id = w.owner_id
            JOIN (
                SELECT l.*, x.reason FROM workspace_latest_builds l JOIN workspace_builds x ON x.id = l.build_id
            ) b ON b.workspace_id = w.id
            WHERE w.id::text = \(claimed.workspace_id)
            """
        )
        #expect(facts == ["alice dev 2 start claim succeeded"])
    }

    /// The plan of this claim replaces a resource; the template admin is notified once.
    private func claimThatReplaces(_ fleet: Fleet, _ watch: DatabaseWatch) async throws {
        let claimed = try await fleet.json(
            Claimed.self,
            "claim",
            "terraform-local",
            "--preset",
            "replace",
            "--owner",
            "alice",
            "--name",
            "again",
            "--wait"
        )
        #expect(claimed.outcome == "hit")
        let events = try await watch.column(
            """
            SELECT concat_ws(' ', u.username, e.template_id, e.data->'workspace'->>'name')
            FROM notification_events e JOIN users u ON u.id = ANY(e.recipients)
            WHERE e.type = 'workspace_resource_replaced'
            """
        )
        #expect(events == ["boss 89d9745a-816e-4695-a17f-3d0a229e2b8d again"])
    }

    private func hardLimit(_ watch: DatabaseWatch) async throws {
        _ = try await watch.until("the failing preset to be hard limited") {
            try await watch.number(
                "SELECT count(*) FROM template_version_presets WHERE name = 'doomed' AND prebuild_status = 'hard_limited'"
            ) == 1 ? true : nil
        }
        let facts = try await watch.column(
            """
            SELECT concat_ws(' ', (SELECT count(*) FROM workspaces w JOIN templates t ON t.id = w.template_id
                WHERE t.name = 'failing'), count(*), min(occurrences))
            FROM notification_events WHERE type = 'prebuild_failure_limit_reached'
            """
        )
        #expect(facts == ["2 1 1"])
    }

    /// A workspace of the process provisioner is a real directory with a real process; both change their owner too.
    private func claimOfProcess(_ fleet: Fleet, _ watch: DatabaseWatch) async throws {
        let claimed = try await fleet.json(
            Claimed.self,
            "claim",
            "process-local",
            "--owner",
            "alice",
            "--name",
            "shell",
            "--wait"
        )
        #expect(claimed.outcome == "hit")
        // The example's own agent had reported; otherwise no prebuild would have been eligible.
        _ = try await watch.until("the example's agent to be told of the claim") {
            try await watch.number(
                """
                SELECT count(*) FROM workspace_agents a JOIN workspace_builds b ON b.id = a.reinit_build_id
                WHERE b.workspace_id::text = \(claimed.workspace_id)
                """
            ) > 0 ? true : nil
        }
    }

    /// Deletes leave nothing of the workspace.
    private func deletion(_ fleet: Fleet, _ watch: DatabaseWatch) async throws {
        for name in ["dev", "again", "shell"] { try await fleet.run("workspaces", "delete", name, "--owner", "alice") }
        _ = try await watch.until("the claimed workspaces to be deleted") {
            try await watch.number("SELECT count(*) FROM workspaces WHERE claimed_at IS NOT NULL AND NOT deleted") == 0
                ? true : nil
        }
    }

    /// Waits until both events of the mission have arrived, each once, and every request was signed with the endpoint's
    /// secret.
    private func events(at receiver: WebhookReceiver) async throws {
        struct Body: Decodable { let type: String }
        let expected = ["prebuild_failure_limit_reached", "workspace_resource_replaced"]
        var arrived: [String] = []
        for try await request in receiver.requests {
            #expect(request.verified, "\(request.error ?? "")")
            arrived.append(try JSONDecoder().decode(Body.self, from: Data(request.body.utf8)).type)
            if Set(arrived).isSuperset(of: expected) { break }
        }
        #expect(arrived.filter(expected.contains).sorted() == expected)
    }

    /// What one pass decided, one worker decided.
    private func oneReconcilerPerPass(_ watch: DatabaseWatch) async throws {
        let shared = try await watch.number(
            """
            SELECT count(*) FROM (
                SELECT decided_at FROM prebuild_decisions GROUP BY decided_at HAVING count(DISTINCT worker_id) <> 1
            ) passes
            """
        )
        #expect(shared == 0)
        #expect(try await watch.number("SELECT count(DISTINCT decided_at) FROM prebuild_decisions") > 3)
    }

    private func workIsSpread(_ watch: DatabaseWatch) async throws {
        let workers = try await watch.column(
            """
            SELECT DISTINCT w.name FROM provisioner_jobs j JOIN workers w ON w.id = j.worker_id
            WHERE j.job_status = 'succeeded' ORDER BY w.name
            """
        )
        #expect(workers == ["one", "three", "two"])
    }

    private func drain(_ workers: [RunningProcess], _ watch: DatabaseWatch) async throws {
        for worker in workers { worker.send(.terminate) }
        for worker in workers { #expect(try await worker.exit(within: .seconds(60)) == .exited(0)) }
        #expect(try await watch.number("SELECT count(*) FROM workers WHERE state = 'drained'") == 3)
        #expect(try await watch.number("SELECT count(*) FROM provisioner_jobs WHERE job_status = 'running'") == 0)
    }
}
