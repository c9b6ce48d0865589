// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Store
import TestSupport
import Testing
import Time

/// The scenarios of the reconciler on a real database (reconciler.md, "Scenarios"); 8 passes unless the scenario says
/// otherwise.
@Suite(.database(.migrated, publishers: Publisher.allCases), .timeLimit(.minutes(1))) struct ScenarioTests {
    @Test func `S1, without presets nothing is created`() async throws {
        try await Fleet.open { fleet in
            try await fleet.passes(8)
            let template = try await fleet.addTemplate()
            _ = try await fleet.addPreset(of: template.version, desired: nil)
            try await fleet.passes(8)
            #expect(try await fleet.count(of: "provisioner_jobs") == 0)
            #expect(try await fleet.count(of: "workspaces") == 0)
        }
    }

    @Test func `S3, presets of one version do not count each other's builds`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let four = try await fleet.addPreset("four", of: template.version, desired: 4)
            let ten = try await fleet.addPreset("ten", of: template.version, desired: 10)
            for _ in 0..<4 { try await fleet.addWorkspace(of: four, .init(status: .running)) }
            for _ in 0..<8 {
                try await fleet.pass()
                #expect(try await fleet.count(of: "workspaces") == 14)
                #expect(try await fleet.pendingStarts(of: ten) == 10)
            }
        }
    }

    @Test(arguments: [("01:00", 1, 1), ("03:00", 2, 1), ("07:00", 3, 1), ("11:00", 1, 4), ("15:00", 1, 5)])
    func `S4, schedules of two presets`(time: String, first: Int, second: Int) async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let early = try await fleet.addPreset(
                "early",
                of: template.version,
                desired: 1,
                schedule: [("* 2-4 * * 1-5", 2), ("* 6-8 * * 1-5", 3)],
                timeZone: "UTC"
            )
            let late = try await fleet.addPreset(
                "late",
                of: template.version,
                desired: 1,
                schedule: [("* 10-12 * * 1-5", 4), ("* 14-16 * * 1-5", 5)],
                timeZone: "UTC"
            )
            try await fleet.passes(8, at: #require(Instant(iso8601: "2025-06-02T\(time):00Z")))
            #expect(try await fleet.pendingStarts(of: early) == first)
            #expect(try await fleet.pendingStarts(of: late) == second)
        }
    }

    @Test func `S5, a preset that lacks a required parameter creates nothing, and is marked once`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 1, parameters: [:])
            for _ in 0..<8 {
                try await fleet.pass()
                #expect(try await fleet.count(of: "workspaces") == 0)
            }
            #expect(try await fleet.status(of: preset) == "validation_failed")
            #expect(try await fleet.eventTypes() == ["preset_validation_failed"])
        }
    }

    @Test func `S6, a prebuild of an old version goes although the new version's preset cannot be built`() async throws
    {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let old = try await fleet.addPreset(of: template.version, desired: 1)
            let prebuild = try await fleet.addWorkspace(of: old)
            let version = try await fleet.addVersion(of: template.id, parameters: ["other"])
            _ = try await fleet.addPreset(of: version, desired: 1)
            try await fleet.passes(8)
            #expect(
                try await fleet.workspaces() == [.init(id: prebuild.id, builds: ["start succeeded", "delete pending"])]
            )
            // The delete is built as the workspace was: with its version and its values.
            #expect(
                try await fleet.column(
                    """
                    SELECT b.template_version_id = \(template.version) AND x.name = 'test' AND x.value = 'value'
                    FROM workspace_builds b JOIN workspace_build_parameters x ON x.workspace_build_id = b.id
                    ORDER BY b.build_number
                    """
                ) == [true, true]
            )
        }
    }

    @Test func `S10, a preset that appears between two passes is filled by the second`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let four = try await fleet.addPreset("four", of: template.version, desired: 4)
            _ = try await fleet.addPreset("ten", of: template.version, desired: 10)
            for _ in 0..<4 { try await fleet.addWorkspace(of: four, .init(status: .running)) }
            #expect(try await fleet.pass().applied.createdTotal == 10)
            _ = try await fleet.addPreset("five", of: template.version, desired: 5)
            #expect(try await fleet.count(of: "workspaces") == 4 + 10)
            #expect(try await fleet.pass().applied.createdTotal == 5)
            #expect(try await fleet.pass().applied.createdTotal == 0)
        }
    }

    @Test(arguments: [(2, 2, 0, 0, 0), (2, 2, 1, 0, 1), (2, 2, 2, 0, 2), (4, 2, 2, 0, 0), (4, 2, 1, 1, 0)])
    func `S14, expired prebuilds are replaced and extraneous ones given up, the oldest first`(
        running: Int,
        desired: Int,
        expired: Int,
        extraneous: Int,
        created: Int
    ) async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: desired, ttl: .seconds(10_800))
            var made: [WorkspaceID] = []
            for number in 0..<running {
                let age = number < expired ? 10_860 : 7_200
                made.append(
                    try await fleet.addWorkspace(of: preset, createdAt: Fleet.now - .seconds(age - number)).id
                )
            }
            try await fleet.passes(8)
            let deleted = made.prefix(expired + extraneous)
            let expected = made.map { id in
                Fleet.Seen(id: id, builds: ["start succeeded"] + (deleted.contains(id) ? ["delete pending"] : []))
            }
            let seen = try await fleet.workspaces()
            #expect(Array(seen.prefix(running)) == expected)
            #expect(seen.dropFirst(running).map(\.builds) == Array(repeating: ["start pending"], count: created))
        }
    }

    @Test func `what a pass creates is whole`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            try await fleet.sql(
                """
                INSERT INTO template_version_parameters (template_version_id, name, required, default_value)
                VALUES (\(template.version), 'size', false, 'small'), (\(template.version), 'zone', false, 'a')
                """
            )
            let preset = try await fleet.addPreset(
                of: template.version,
                desired: 1,
                parameters: ["test": "value", "zone": "b"]
            )
            try await fleet.pass()
            let row = try #require(
                try await fleet.sql(
                    """
                    SELECT w.owner_id = \(prebuildsUserID), w.name ~ '^prebuild-[a-z2-7]{15}$', b.build_number,
                        b.transition::text, b.reason::text, b.initiator_id = \(prebuildsUserID),
                        b.template_version_preset_id, b.template_version_id, j.job_status::text,
                        ARRAY(SELECT name || '=' || value FROM workspace_build_parameters ORDER BY name)
                    FROM workspaces w JOIN workspace_builds b ON b.workspace_id = w.id
                    JOIN provisioner_jobs j ON j.id = b.job_id
                    """
                ).first
            )
            #expect(try row.decode(column: 0, as: Bool.self))
            #expect(try row.decode(column: 1, as: Bool.self))
            #expect(try row.decode(column: 2, as: Int.self) == 1)
            #expect(try row.decode(column: 3, as: String.self) == "start")
            #expect(try row.decode(column: 4, as: String.self) == "prebuild")
            #expect(try row.decode(column: 5, as: Bool.self))
            #expect(try row.decode(column: 6, as: PresetID.self) == preset)
            #expect(try row.decode(column: 7, as: TemplateVersionID.self) == template.version)
            #expect(try row.decode(column: 8, as: String.self) == "pending")
            #expect(try row.decode(column: 9, as: [String].self) == ["size=small", "test=value", "zone=b"])
        }
    }
}
