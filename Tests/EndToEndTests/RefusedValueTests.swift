// SPDX-License-Identifier: Apache-2.0

import PostgresClient
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// Values that the module refuses by its own rules cost no prebuild, with real Terraform.
@Suite struct RefusedValueTests {
    private static let module = """
        variable "size" {
          type    = number
          default = 4
          validation {
            condition     = var.size < 64 && floor(var.size / 2) * 2 == var.size
            error_message = "The quota is 62 and even sizes only: rate limit, try again."
          }
        }
        variable "names" {
          type    = list(string)
          default = ["a"]
        }
        resource "terraform_data" "disk" { input = [var.size, var.names] }
        """
    private static let manifest = """
        name: disk
        parameters:
          size: { mutable: true }
        presets:
          - name: one
            prebuilds: { instances: 1 }
        """
    private static let refusal =
        "variable 'size': Invalid value for variable: The quota is 62 and even sizes only: rate limit, try again."

    @Test(.database(.currentSchema), .timeLimit(.minutes(3)))
    func `a claim of a value that the module refuses ends in an error, and its prebuild is in the pool as before`()
        async throws
    {
        let fleet = try await Fleet()
        try await fleet.run("users", "add", "ada")
        let template = try fleet.template("disk", ["stoker.yaml": Self.manifest, "main.tf": Self.module])
        try await DatabaseWatch.on(fleet.database) { watch in
            let worker = try await fleet.worker("one")
            try await fleet.run("templates", "push", template.string)
            try await watch.until("a prebuild", "SELECT count(*) FROM workspace_prebuilds WHERE eligible", is: 1)
            try await fleet.run("prebuilds", "pause")
            let prebuild = try await self.prebuild(watch)

            let refused = try await claim(fleet, "size=7")
            #expect(refused.status == .exited(1))
            #expect(refused.standardError.contains { $0.hasPrefix("error: the build failed: \(Self.refusal)") })
            #expect(try await self.prebuild(watch) == prebuild)
            let ended = "box 1 initiator failed INVALID deleted error"
            #expect(try await claimed(watch) == [ended])
            #expect(try await reasons(watch).allSatisfy { $0.hasPrefix(Self.refusal) })

            // The name is free again, and the prebuild is as before. Equal values replace nothing.
            let served = try await fleet.stoker(
                "claim",
                "disk",
                "--owner",
                "ada",
                "--name",
                "box",
                "--param",
                "size=8.0",
                "--param",
                #"names=["a", ]"#,
                "--wait"
            )
            #expect(served.standardOutput.first == "box (disk/one) of ada is a ready prebuild.")
            #expect(try await claimed(watch).last == "box 2 claim succeeded claimable hit")

            // The pool is empty: a new build is refused in the same way, and nothing of it stays.
            let fresh = try await fleet.stoker(
                "claim",
                "disk",
                "--owner",
                "ada",
                "--name",
                "next",
                "--param",
                "size=99",
                "--wait"
            )
            #expect(fresh.status == .exited(1))
            #expect(fresh.standardError.contains { $0.hasPrefix("error: the build failed: \(Self.refusal)") })
            #expect(try await claimed(watch).last == "next 1 initiator failed INVALID deleted error")
            try await worker.end()
        }
    }

    @Test(.database(.currentSchema), .timeLimit(.minutes(3)))
    func `a push whose preset breaks the module's rules names the preset, the variable and the rule`() async throws {
        let fleet = try await Fleet()
        let manifest = Self.manifest + "\n  - name: odd\n    parameters: { size: 7 }"
        let template = try fleet.template("disk", ["stoker.yaml": manifest, "main.tf": Self.module])
        let worker = try await fleet.worker("one")
        let outcome = try await fleet.stoker("templates", "push", template.string)
        #expect(outcome.status == .exited(1))
        #expect(
            (outcome.standardError + outcome.standardOutput).contains { $0.contains("preset odd: \(Self.refusal)") }
        )
        try await worker.end()
    }
}

extension RefusedValueTests {
    private func claim(_ fleet: Fleet, _ parameter: String) async throws -> RunningProcess.Outcome {
        try await fleet.stoker("claim", "disk", "--owner", "ada", "--name", "box", "--param", parameter, "--wait")
    }

    /// The only eligible prebuild, with everything that defines it.
    private func prebuild(_ watch: DatabaseWatch) async throws -> [String] {
        try await watch.column(
            """
            SELECT concat_ws(' ', w.workspace_id, w.name, b.id, b.build_number, b.updated_at, md5(b.provisioner_state), (
                SELECT string_agg(r.id::text, ',' ORDER BY r.id) FROM workspace_resources r WHERE r.job_id = b.job_id
            ))
            FROM workspace_prebuilds w JOIN workspace_builds b ON b.workspace_id = w.workspace_id WHERE w.eligible
            """
        )
    }

    /// The outcome of each claim, in order.
    private func claimed(_ watch: DatabaseWatch) async throws -> [String] {
        try await watch.column(
            """
            SELECT concat_ws(' ', w.name, b.build_number, b.reason, j.job_status, j.error_code,
                CASE WHEN w.deleted THEN 'deleted' ELSE 'claimable' END, c.outcome)
            FROM workspace_claims c JOIN workspaces w ON w.id = c.workspace_id
            JOIN workspace_builds b ON b.workspace_id = w.id AND b.reason <> 'prebuild'
            JOIN provisioner_jobs j ON j.id = b.job_id
            ORDER BY c.created_at
            """
        )
    }

    private func reasons(_ watch: DatabaseWatch) async throws -> [String] {
        try await watch.column("SELECT outcome_reason FROM workspace_claims")
    }
}
