// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PostgresClient
import Store
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// A claim is rehearsed with the first prebuild of a version, before anybody claims one.
@Suite struct RehearsalTests {
    private struct Replaced: Decodable { let address: String, paths: [String] }
    private struct Rehearsal: Decodable { let status: String, message: String, replacements: [Replaced] }
    private struct Version: Decodable { let rehearsal: Rehearsal? }
    private struct Preset: Decodable { let warnings: [String]? }
    private struct Plan: Decodable { let presets: [Preset] }

    private static let ready: SQL = "SELECT count(*)::int FROM workspace_prebuilds WHERE eligible"

    private func rehearsal(_ fleet: Fleet, of template: String) async throws -> Rehearsal? {
        try await fleet.json([Version].self, "templates", "versions", template).first?.rehearsal
    }

    @Test(.database(.currentSchema), .timeLimit(.minutes(3)))
    func `Terraform says what a claim would replace, in the versions, the plan and one event, and changes nothing`()
        async throws
    {
        let fleet = try await Fleet()
        for name in ["ada", "admin"] { try await fleet.run("users", "add", name) }
        let worker = try await fleet.worker("one")
        let template = try fleet.template(
            "disk",
            [
                "stoker.yaml": """
                name: disk
                provisioner: terraform
                presets:
                  - name: one
                    prebuilds: { instances: 2 }
                """,
                "main.tf": """
                variable "stoker_workspace_owner" { default = "" }
                resource "terraform_data" "net" { input = var.stoker_workspace_owner }
                resource "terraform_data" "disk" { triggers_replace = var.stoker_workspace_owner }
                """,
            ]
        )
        try await fleet.run("templates", "push", template.string)
        try await DatabaseWatch.on(fleet.database) { watch in
            try await watch.until("the pool to be full", Self.ready, is: 2)
            let found = try #require(try await rehearsal(fleet, of: "disk"))
            #expect(found.status == "replaces")
            #expect(found.replacements.map(\.address) == ["terraform_data.disk"])
            #expect(found.replacements.map(\.paths) == [["triggers_replace"]])
            let warnings = try await fleet.json(Plan.self, "plan").presets.first?.warnings ?? []
            #expect(warnings.contains { $0.hasPrefix("a claim would replace terraform_data.disk") }, "\(warnings)")
            let events: SQL = "SELECT type || ' ' || occurrences FROM notification_events WHERE type LIKE 'claim%'"
            #expect(try await watch.column(events) == ["claim_would_replace 1"])
            // Both prebuilds belong to the pool as they were built.
            let owners = try await watch.column(
                "SELECT DISTINCT (convert_from(provisioner_state, 'UTF8') LIKE '%rehearsal%')::text FROM workspace_builds"
            )
            #expect(owners == ["false"])
            #expect(try await watch.number("SELECT count(*)::int FROM workspace_claims") == 0)
        }
        try await worker.end()
    }

    @Test(.database(.currentSchema), .timeLimit(.minutes(3)))
    func `a process rehearses when it says that it can, and else is said to have none`() async throws {
        let fleet = try await Fleet()
        let worker = try await fleet.worker("one")
        func push(_ name: String, _ more: String) async throws {
            let manifest = """
                name: \(name)
                provisioner: process
                \(more)presets: [{ name: one, prebuilds: { instances: 1 } }]
                """
            let program = #"""
                if [ "$1" = rehearse ]; then
                    case $(cat) in *'"stage":"claim"'*) ;; *) exit 3;; esac
                    printf '%s\n' '{"type":"state","state":{"is":"ignored"}}'
                    printf '%s\n' '{"type":"replacement","address":"box.main","paths":["owner"]}'
                else
                    printf '%s\n' '{"type":"state","state":{"is":"built"}}'
                fi
                """#
            try await fleet.run("templates", "push", try PoolReportTests.template(fleet, manifest, program + "\n"))
        }
        try await push("rehearsed", "rehearse: true\n")
        try await push("silent", "")
        try await DatabaseWatch.on(fleet.database) { watch in
            try await watch.until("both pools to be full", Self.ready, is: 2)
            let found = try #require(try await rehearsal(fleet, of: "rehearsed"))
            #expect(found.status == "replaces", "\(found.message)")
            #expect(found.replacements.map(\.address) == ["box.main"])
            let silent = try #require(try await rehearsal(fleet, of: "silent"))
            #expect(silent.status == "none")
            #expect(silent.message.contains("rehearse: true"))
            #expect(
                try await watch.column("SELECT DISTINCT convert_from(provisioner_state, 'UTF8') FROM workspace_builds")
                    == [#"{"is":"built"}"#]
            )
        }
        try await worker.end()
    }
}
