// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PostgresClient
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// Terraform applies whose worker is killed in the middle, at a random point.
@Suite struct KilledApplyTests {
    private static let resources = 6

    /// Each resource writes down its id when it is created, and Terraform's log names the ids that it destroys. In the
    /// end, everything that was created must have been destroyed, by a replacement or by the deletion. (A provisioner
    /// at the destruction could not report this: Terraform runs none for a resource whose creation was interrupted.)
    @Test(.database(.currentSchema), .timeLimit(.minutes(15)))
    func `what an interrupted apply has created is destroyed by a later deletion`() async throws {
        try await ChaosFleet.open { chaos in
            let created = chaos.fleet.directory.appending("created")
            let template = try chaos.fleet.template("resources", Self.files(created))
            let names = ["one", "two", "three"]
            var workers: [String: RunningProcess] = [:]
            for name in names { workers[name] = try await chaos.worker(name, settings: Self.settings) }
            try await chaos.fleet.run("templates", "push", template.string)

            var built = 0
            while try await chaos.interruptions < Scale.killPoints {
                // As many builds at once as there are workers; all of them are killed at different times.
                for _ in names {
                    try await chaos.fleet.run("claim", "resources", "--owner", "ada", "--name", "box\(built)")
                    built += 1
                }
                // A kill may hit the same worker again.
                _ = try await chaos.watch.column(
                    "UPDATE provisioner_jobs SET max_attempts = 50 WHERE completed_at IS NULL RETURNING id::text"
                )
                for name in names.shuffled() {
                    let already = Self.lines(created).count
                    let more = Int.random(in: 1...Self.resources)
                    _ = try await chaos.watch.until("\(more) more resources", within: .seconds(20)) {
                        Self.lines(created).count >= already + more ? true : try await chaos.isBusy ? nil : true
                    }
                    workers[name]?.send(.kill)
                    try await workers[name]?.exit()
                    workers[name] = try await chaos.worker(name, settings: Self.settings)
                }
                let ends = try await chaos.ends(of: "box", within: .seconds(60))
                #expect(ends == ["succeeded \(built) of \(built)"])
            }
            for build in 0..<built {
                try await chaos.fleet.run("workspaces", "delete", "box\(build)", "--owner", "ada")
            }
            let ends = try await chaos.ends(of: "box", within: .seconds(60))
            #expect(ends == ["succeeded \(2 * built) of \(2 * built)"])

            let destroyed = Set(
                try await chaos.watch.column(
                    """
                    SELECT substring(output FROM 'Destroying... .id=([0-9a-f-]+)') FROM provisioner_job_logs
                    WHERE output LIKE '%: Destroying...%'
                    """
                )
            )
            let ids = Self.lines(created)
            #expect(ids.count >= built * Self.resources)
            #expect(Set(ids).subtracting(destroyed) == [])
            for worker in workers.values { try await worker.end() }
        }
    }

    /// One resource at a time, so that every moment lies in the middle of one.
    private static let settings = ["STOKER_WORKER_CONCURRENCY": "1"]

    private static func files(_ created: FilePath) -> [String: String] {
        let resources = (0..<resources).map { number in
            """
            resource "terraform_data" "r\(number)" {
              input = "\(number)"
              depends_on = [\(number == 0 ? "" : "terraform_data.r\(number - 1)")]
              provisioner "local-exec" { command = "echo ${self.id} >>'\(created)'; sleep 0.1" }
            }
            """
        }
        return [
            "stoker.yaml": """
            name: resources
            provisioner: terraform
            presets: [{ name: one }]
            """,
            "main.tf": resources.joined(separator: "\n"),
        ]
    }

    private static func lines(_ file: FilePath) -> [String] {
        let bytes = FileManager.default.contents(atPath: file.string) ?? Data()
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}

extension ChaosFleet {
    /// Executions that were lost. Each raises a job's epoch by two more: by the reaper and by the next claim.
    fileprivate var interruptions: Int {
        get async throws {
            try await watch.number(
                "SELECT coalesce(sum((claim_epoch - 1) / 2), 0)::bigint FROM provisioner_jobs WHERE started_at IS NOT NULL"
            )
        }
    }
}
