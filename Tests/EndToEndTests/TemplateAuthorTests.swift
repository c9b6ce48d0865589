// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// `stoker templates init` and `check` with the built binary, up to a workspace.
@Suite(.timeLimit(.minutes(4))) struct TemplateAuthorTests {
    private struct Checked: Decodable {
        struct Finding: Decodable {
            let severity: String
            let file: String
            let line: Int?
            let message: String
        }

        let valid: Bool
        let name: String?
        let findings: [Finding]
    }

    private static func check(_ directory: FilePath, _ more: String...) async throws
        -> (checked: Checked, outcome: RunningProcess.Outcome)
    {
        let outcome = try await RunningProcess.outcome(
            of: BuiltProduct.stoker,
            ["templates", "check", directory.string, "--output", "json"] + more,
            // Neither is asked.
            environment: ["STOKER_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "STOKER_SERVER": nil],
            within: .seconds(120)
        )
        let text = outcome.standardOutput.joined(separator: "\n")
        return (try JSONDecoder().decode(Checked.self, from: Data(text.utf8)), outcome)
    }

    @Test(.database, arguments: ["process", "terraform"])
    func `a start is checked, pushed, built and claimed as it is`(kind: String) async throws {
        let fleet = try await Fleet()
        let directory = fleet.directory.appending("my-\(kind)")
        try await fleet.run("templates", "init", directory.string, "--\(kind)")
        let (checked, outcome) = try await Self.check(directory, "--terraform")
        #expect(outcome.status.isSuccess && checked.valid && checked.findings.isEmpty, "\(outcome.standardOutput)")
        #expect(checked.name == "my-\(kind)")
        #expect(try await fleet.stoker("templates", "init", directory.string).status == .exited(2))

        try await fleet.run("migrate")
        try await fleet.run("users", "add", "ada")
        let worker = try await fleet.worker("one")
        try await fleet.run("templates", "push", directory.string)
        try await fleet.run("claim", "my-\(kind)", "--owner", "ada", "--name", "dev", "--wait")
        try await fleet.run("workspaces", "delete", "dev", "--owner", "ada", "--wait")
        worker.send(.terminate)
        try await worker.exit(within: .seconds(60))
    }

    @Test func `without a server, check says what a push would, and Terraform what it would`() async throws {
        let area = try await TestArea.shared.makeDirectory("author")
        func write(_ name: String, _ text: String) throws {
            try Data(text.utf8).write(to: URL(fileURLWithPath: area.appending(name).string))
        }
        try write("stoker.yaml", "name: lab\npresets:\n  - name: a\n    prebuilds: { instances: many }\n")
        try write("main.tf", "resource \"terraform_data\" \"x\" {\n  input = var.nothing\n}\n")
        let (broken, refused) = try await Self.check(area)
        #expect(refused.status == .exited(2))
        #expect(!broken.valid && broken.findings.map(\.file) == ["stoker.yaml"] && broken.findings[0].line == 4)

        try write("stoker.yaml", "name: lab\npresets:\n  - name: a\n    prebuilds: { instances: 1 }\n")
        #expect(try await Self.check(area).checked.valid)
        let (planned, outcome) = try await Self.check(area, "--terraform")
        #expect(outcome.status == .exited(2))
        let finding = try #require(planned.findings.first { $0.severity == "error" })
        #expect(finding.file == "main.tf" && finding.line == 2, "\(finding)")
        #expect(finding.message.contains("undeclared"), "\(finding)")
    }
}
