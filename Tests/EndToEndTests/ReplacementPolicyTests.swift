// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PostgresClient
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// The outcome of a claim whose plan replaces a resource, under each policy, with real Terraform.
@Suite struct ReplacementPolicyTests {
    private struct Claimed: Decodable {
        let outcome: String
        let workspace_id: String
    }

    @Test(.database(.currentSchema), .timeLimit(.minutes(3)))
    func `warn applies, tells and counts`() async throws {
        try await poolWithOnePrebuild(policy: "warn") { fleet, watch, prebuild in
            let claimed = try await fleet.json(
                Claimed.self,
                "claim",
                "disk",
                "--owner",
                "ada",
                "--name",
                "box",
                "--wait"
            )
            #expect(claimed.outcome == "hit")
            #expect(claimed.workspace_id == prebuild.id)
            #expect(try await facts(watch) == ["box ada 2 start claim succeeded claimable:false hit"])
            #expect(try await events(watch) == ["workspace_resource_replaced terraform_data.disk: triggers_replace"])
        }
    }

    @Test(.database(.currentSchema), .timeLimit(.minutes(3)))
    func `block fails the claim, and the prebuild is in its pool as before`() async throws {
        try await poolWithOnePrebuild(policy: "block") { fleet, watch, prebuild in
            let outcome = try await fleet.stoker("claim", "disk", "--owner", "ada", "--name", "box", "--wait")
            #expect(outcome.status == .exited(1))
            #expect(
                outcome.standardError.contains {
                    $0.hasPrefix(
                        "error: the build failed: The claim would replace terraform_data.disk (triggers_replace), and "
                            + "terraform.replacement_policy is block"
                    )
                }
            )
            #expect(
                try await facts(watch) == [
                    "\(prebuild.name) prebuilds 1 start prebuild succeeded claimable:true ",
                    "box ada 1 start initiator failed deleted error",
                ]
            )
            #expect(try await self.prebuild(watch) == prebuild)
            #expect(try await events(watch) == ["workspace_build_failed REPLACEMENT_BLOCKED"])

            // The name is free again, and so is the prebuild.
            let again = try await fleet.stoker("claim", "disk", "--owner", "ada", "--name", "box")
            #expect(again.status.isSuccess)
            #expect(again.standardOutput.first == "box (disk/one) of ada is a ready prebuild.")
        }
    }

    @Test(.database(.currentSchema), .timeLimit(.minutes(3)))
    func `fresh puts the prebuild back, and builds the claimant a workspace of its own`() async throws {
        try await poolWithOnePrebuild(policy: "fresh") { fleet, watch, prebuild in
            let claimed = try await fleet.json(
                Claimed.self,
                "claim",
                "disk",
                "--owner",
                "ada",
                "--name",
                "box",
                "--idempotency-key",
                "k",
                "--wait"
            )
            #expect(claimed.outcome == "miss_unmatched")
            #expect(claimed.workspace_id != prebuild.id)
            #expect(
                try await facts(watch) == [
                    "\(prebuild.name) prebuilds 1 start prebuild succeeded claimable:true ",
                    "box ada 1 start initiator succeeded claimable:false miss_unmatched",
                ]
            )
            #expect(try await self.prebuild(watch) == prebuild)
            #expect(try await events(watch) == [])
            let class3 = try await watch.number(
                "SELECT count(*) FROM provisioner_jobs WHERE priority = 3 AND attempt = 1"
            )
            #expect(class3 == 1)
            let reasons = try await watch.column(
                "SELECT (usable_at IS NOT NULL)::text || ' ' || outcome_reason FROM workspace_claims"
            )
            #expect(reasons.map { $0.prefix(57) } == ["true The claim would replace terraform_data.disk (trigger"])

            // The same key returns the resulting workspace.
            let repeated = try await fleet.json(
                Claimed.self,
                "claim",
                "disk",
                "--owner",
                "ada",
                "--name",
                "box",
                "--idempotency-key",
                "k"
            )
            #expect(repeated.workspace_id == claimed.workspace_id)
        }
    }
}

// MARK: - Steps

extension ReplacementPolicyTests {
    private struct Prebuild: Equatable {
        let id: String
        let name: String
        /// Of the state, the build and its resources: what must be as it was.
        let digest: String
    }

    /// Runs a worker under the policy, and the body once a prebuild can be claimed. Pools are paused then, so that a
    /// returned prebuild is not surplus.
    private func poolWithOnePrebuild(
        policy: String,
        _ body: (Fleet, DatabaseWatch, Prebuild) async throws -> Void
    ) async throws {
        let fleet = try await Fleet(settings: ["STOKER_TERRAFORM_REPLACEMENT_POLICY": policy])
        try await fleet.run("users", "add", "ada")
        let template = try fleet.template(
            "disk",
            [
                "stoker.yaml": """
                name: disk
                provisioner: terraform
                presets:
                  - name: one
                    prebuilds: { instances: 1 }
                """,
                "main.tf": """
                variable "stoker_workspace_owner" { default = "" }
                resource "terraform_data" "net" { input = var.stoker_workspace_owner }
                resource "terraform_data" "disk" { triggers_replace = var.stoker_workspace_owner }
                """,
            ]
        )
        try await DatabaseWatch.on(fleet.database) { watch in
            let worker = try await fleet.worker("one")
            try await fleet.run("templates", "push", template.string)
            try await watch.until("a prebuild", "SELECT count(*) FROM workspace_prebuilds WHERE eligible", is: 1)
            try await fleet.run("prebuilds", "pause")
            try await body(fleet, watch, try await prebuild(watch))
            try await worker.end()
        }
    }

    private func prebuild(_ watch: DatabaseWatch) async throws -> Prebuild {
        let rows = try await watch.column(
            """
            SELECT concat_ws(' ', w.workspace_id, w.name, md5(concat(b.id, b.updated_at, md5(b.provisioner_state), (
                SELECT string_agg(r.id::text, ',' ORDER BY r.id) FROM workspace_resources r WHERE r.job_id = b.job_id
            ))))
            FROM workspace_prebuilds w JOIN workspace_builds b ON b.workspace_id = w.workspace_id WHERE w.eligible
            """
        )
        let parts = (rows.first ?? "").split(separator: " ").map(String.init)
        try #require(rows.count == 1 && parts.count == 3)
        return Prebuild(id: parts[0], name: parts[1], digest: parts[2])
    }

    /// Every workspace: its name and owner, its only or last build, what it is, and what its claim says.
    private func facts(_ watch: DatabaseWatch) async throws -> [String] {
        try await watch.column(
            """
            SELECT concat_ws(' ', w.name, u.username, b.build_number, b.transition, b.reason, j.job_status,
                CASE WHEN w.deleted THEN 'deleted' ELSE 'claimable:' || (EXISTS (
                    SELECT FROM workspace_prebuilds p WHERE p.workspace_id = w.id AND p.eligible
                ))::text END, coalesce(c.outcome, ''))
            FROM workspaces w JOIN users u ON u.id = w.owner_id
            JOIN LATERAL (
                SELECT * FROM workspace_builds l WHERE l.workspace_id = w.id ORDER BY l.build_number DESC LIMIT 1
            ) b ON true
            JOIN provisioner_jobs j ON j.id = b.job_id
            LEFT JOIN workspace_claims c ON c.workspace_id = w.id
            ORDER BY w.created_at
            """
        )
    }

    private func events(_ watch: DatabaseWatch) async throws -> [String] {
        try await watch.column(
            """
            SELECT type || ' ' || coalesce(data->>'error_code', (
                SELECT string_agg(r.key || ': ' || array_to_string(ARRAY(SELECT jsonb_array_elements_text(r.value)), ', '), '; ')
                FROM jsonb_each(data->'replacements') r
            ))
            FROM notification_events WHERE type LIKE 'workspace%' AND type <> 'workspace_ready' ORDER BY sequence
            """
        )
    }
}
