// SPDX-License-Identifier: Apache-2.0

import PostgresClient
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// A template that builds its own path into its resources, with real Terraform and workers that have one work directory.
@Suite struct WorkspacePathTests {
    @Test(.database(.currentSchema), .timeLimit(.minutes(3)))
    func `a prebuild of one worker is claimed through another, and nothing is replaced because of its path`()
        async throws
    {
        let fleet = try await Fleet(settings: ["STOKER_TERRAFORM_REPLACEMENT_POLICY": "block"])
        let shared = ["STOKER_WORKER_WORK_DIRECTORY": fleet.directory.appending("shared").string]
        try await fleet.run("users", "add", "ada")
        let template = try fleet.template(
            "paths",
            [
                "stoker.yaml": """
                name: paths
                provisioner: terraform
                presets:
                  - name: one
                    prebuilds: { instances: 1 }
                """,
                "main.tf": """
                resource "terraform_data" "paths" {
                  input            = [path.cwd, abspath(path.module), abspath("x")]
                  triggers_replace = [path.cwd, abspath(path.module), abspath("x")]
                }
                """,
            ]
        )
        try await DatabaseWatch.on(fleet.database) { watch in
            let first = try await fleet.worker("one", settings: shared)
            try await fleet.run("templates", "push", template.string)
            try await watch.until("a prebuild", "SELECT count(*) FROM workspace_prebuilds WHERE eligible", is: 1)
            try await fleet.run("prebuilds", "pause")
            try await first.end()

            let second = try await fleet.worker("two", settings: shared)
            let claim = try await fleet.stoker("claim", "paths", "--owner", "ada", "--name", "box", "--wait")
            #expect(claim.status.isSuccess, "\(claim.standardError)")
            #expect(claim.standardOutput.first?.contains("is a ready prebuild") == true)
            let logs = try await watch.column(
                """
                SELECT l.output FROM provisioner_job_logs l JOIN workspace_builds b ON b.job_id = l.job_id
                WHERE b.reason = 'claim' AND l.output LIKE 'Plan: 0 to add, 0 to change, 0 to destroy%'
                """
            )
            #expect(logs.count == 1)
            let events = try await watch.number(
                "SELECT count(*) FROM notification_events WHERE type = 'workspace_resource_replaced'"
            )
            #expect(events == 0)
            try await second.end()
        }
    }
}
