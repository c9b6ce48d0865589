// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PostgresClient
import Store
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// Each mistake gives one clear error with a remedy, a non-zero exit code, and no partial writes.
@Suite struct BadInputTests {
    private static let goodModule = "variable \"image\" {\n  type = string\n}\n"

    /// A template that cannot be pushed, and what its error says.
    struct BadTemplate: Sendable, CustomTestStringConvertible {
        let name: String
        let files: [String: String]
        let says: [String]

        var testDescription: String { name }
    }

    static let badTemplates = [
        BadTemplate(
            name: "no presets",
            files: ["stoker.yaml": "name: bad\nprovisioner: terraform\n", "main.tf": goodModule],
            says: ["preset"]
        ),
        BadTemplate(
            name: "an unknown key",
            files: [
                "stoker.yaml": """
                name: bad
                presets:
                  - name: a
                    parameters: { image: x }
                    prebuilds: { instnces: 2 }
                """,
                "main.tf": goodModule,
            ],
            says: ["stoker.yaml:5", "instnces", "instances"]
        ),
        BadTemplate(
            name: "a wrong type",
            files: [
                "stoker.yaml": """
                name: bad
                presets:
                  - name: a
                    parameters: { image: x }
                    prebuilds: { instances: many }
                """,
                "main.tf": goodModule,
            ],
            says: ["stoker.yaml:5", "instances", "many"]
        ),
        BadTemplate(
            name: "overlapping schedules",
            files: [
                "stoker.yaml": """
                name: bad
                presets:
                  - name: a
                    parameters: { image: x }
                    prebuilds:
                      instances: 0
                      scheduling:
                        timezone: UTC
                        schedule:
                          - { cron: "* 8-18 * * 1-5", instances: 3 }
                          - { cron: "* 17-20 * * 5", instances: 1 }
                """,
                "main.tf": goodModule,
            ],
            says: ["stoker.yaml:11", "overlap"]
        ),
        BadTemplate(
            name: "a module that does not parse",
            files: [
                "stoker.yaml": "name: bad\npresets:\n  - name: a\n    prebuilds: { instances: 1 }\n",
                "main.tf": "variable \"image\" {\n  type = \n",
            ],
            says: ["main.tf:2"]
        ),
    ]

    @Test(.database(.currentSchema), .timeLimit(.minutes(2)), arguments: badTemplates)
    func `a bad template is refused with its place, and nothing is written`(template: BadTemplate) async throws {
        let fleet = try await Fleet()
        let directory = try fleet.template("bad", template.files)
        let outcome = try await fleet.stoker("templates", "push", directory.string)
        #expect(!outcome.status.isSuccess)
        let message = outcome.standardError.joined(separator: "\n")
        for part in template.says { #expect(message.lowercased().contains(part.lowercased()), "\(message)") }
        try await expectNothing(in: fleet)
    }

    @Test(.database(.currentSchema), .timeLimit(.minutes(2)))
    func `a template that links out of its directory is refused`() async throws {
        let fleet = try await Fleet()
        let directory = try fleet.template(
            "climber",
            [
                "stoker.yaml":
                    "name: climber\npresets:\n  - name: a\n    prebuilds: { instances: 1 }\n",
                "main.tf": "",
            ]
        )
        try FileManager.default.createSymbolicLink(
            atPath: directory.appending("way-out").string,
            withDestinationPath: "../../../etc/passwd"
        )
        let outcome = try await fleet.stoker("templates", "push", directory.string)
        #expect(!outcome.status.isSuccess)
        #expect(outcome.standardError.joined().contains("way-out"))
        try await expectNothing(in: fleet)
    }

    private func expectNothing(in fleet: Fleet) async throws {
        try await DatabaseWatch.on(fleet.database) { watch in
            let rows = try await watch.number(
                """
                SELECT (SELECT count(*) FROM files) + (SELECT count(*) FROM templates)
                    + (SELECT count(*) FROM template_versions) + (SELECT count(*) FROM provisioner_jobs)
                """
            )
            #expect(rows == 0)
        }
    }
}

// MARK: - Databases

extension BadInputTests {
    @Test(.timeLimit(.minutes(2)))
    func `a database that is down`() async throws {
        let fleet = try await Fleet(database: "postgresql://nobody@127.0.0.1:1/none")
        for command in ["worker", "status", "migrate"] {
            let outcome = try await fleet.stoker(command)
            #expect(!outcome.status.isSuccess)
            #expect(outcome.standardError.joined().contains("127.0.0.1"))
        }
    }

    @Test(.database, .timeLimit(.minutes(2)))
    func `a database without a schema`() async throws {
        try await expectRefusal(saying: "stoker migrate")
    }

    @Test(.database(.currentSchema), .timeLimit(.minutes(2)))
    func `a database of an older schema`() async throws {
        try await change("DELETE FROM schema_migrations WHERE version = (SELECT max(version) FROM schema_migrations)")
        try await expectRefusal(saying: "stoker migrate")
    }

    @Test(.database(.currentSchema), .timeLimit(.minutes(2)))
    func `a database of a newer schema`() async throws {
        try await change(
            """
            INSERT INTO schema_migrations (version, name, checksum)
            SELECT max(version) + 1, 'future', 'x' FROM schema_migrations
            """
        )
        try await expectRefusal(saying: "does not know")
        let fleet = try await Fleet()
        let migration = try await fleet.stoker("migrate")
        #expect(!migration.status.isSuccess)
    }

    @Test(.database(.currentSchema), .timeLimit(.minutes(2)))
    func `a role without privileges`() async throws {
        let role = "powerless_\(TestDatabase.current.name)"
        try await change("CREATE ROLE \(identifier: role) LOGIN")
        let separator = TestDatabase.current.connectionString.contains("?") ? "&" : "?"
        let fleet = try await Fleet(database: "\(TestDatabase.current.connectionString)\(separator)user=\(role)")
        let outcome = try await fleet.stoker("status")
        try await change("DROP ROLE \(identifier: role)")
        #expect(!outcome.status.isSuccess)
        #expect(outcome.standardError.joined().contains("permission denied"))
    }

    /// Workers and commands alike refuse the test's database.
    private func expectRefusal(saying text: String) async throws {
        let fleet = try await Fleet()
        for command in ["worker", "status"] {
            let outcome = try await fleet.stoker(command)
            #expect(!outcome.status.isSuccess)
            #expect(outcome.standardError.joined().contains(text), "\(outcome.standardError)")
        }
    }

    private func change(_ sql: SQL) async throws {
        try await DatabaseWatch.on(TestDatabase.current.connectionString) { watch in
            _ = try await watch.store.pool.execute(Statement("test.change", sql))
        }
    }
}

// MARK: - The machine

extension BadInputTests {
    /// The file system's own refusal, which root does not meet: a file where a directory should be.
    @Test(.timeLimit(.minutes(2)))
    func `a data directory that cannot be written`() async throws {
        let fleet = try await Fleet(database: "")
        let file = try fleet.template("plain", ["file": ""]).appending("file")
        let outcome = try await fleet.stoker("up", "--data-directory", file.appending("data").string)
        #expect(!outcome.status.isSuccess)
        #expect(outcome.standardError.joined().contains(file.string), "\(outcome.standardError)")
    }

    @Test(
        .database(.currentSchema),
        .timeLimit(.minutes(2)),
        arguments: [["maintenance", "start"], ["prebuilds", "pause"]]
    )
    func `a pause until a moment that has passed`(command: [String]) async throws {
        let fleet = try await Fleet()
        let outcome = try await fleet.stoker(command + ["--until", "2020-01-01T00:00:00Z"])
        #expect(!outcome.status.isSuccess)
        #expect(outcome.standardError.joined().contains("has passed already"), "\(outcome.standardError)")
        try await DatabaseWatch.on(fleet.database) { watch in
            let settings = try await watch.number("SELECT count(*) FROM settings")
            #expect(settings == 0)
        }
    }

    @Test(.database(.currentSchema), .timeLimit(.minutes(2)))
    func `a port in use`() async throws {
        let receiver = try await WebhookReceiver.start()
        let fleet = try await Fleet(settings: ["STOKER_HTTP_ADDRESS": "127.0.0.1:\(receiver.port)"])
        let outcome = try await fleet.stoker("worker")
        #expect(!outcome.status.isSuccess)
        #expect(outcome.standardError.joined().contains("\(receiver.port)"), "\(outcome.standardError)")
        try await DatabaseWatch.on(fleet.database) { watch in
            let workers = try await watch.number("SELECT count(*) FROM workers WHERE state = 'active'")
            #expect(workers == 0)
        }
    }
}
