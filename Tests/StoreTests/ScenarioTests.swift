// SPDX-License-Identifier: Apache-2.0

import PostgresClient
import Prebuilds
import Store
import TestSupport
import Testing

/// The acceptance scenarios of the reconciler, on a real database; 8 passes unless the scenario says otherwise.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct ScenarioTests {
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
                "early", of: template.version, desired: 1,
                schedule: [("* 2-4 * * 1-5", 2), ("* 6-8 * * 1-5", 3)], timeZone: "UTC"
            )
            let late = try await fleet.addPreset(
                "late", of: template.version, desired: 1,
                schedule: [("* 10-12 * * 1-5", 4), ("* 14-16 * * 1-5", 5)], timeZone: "UTC"
            )
            try await fleet.passes(8, at: #require(Instant(iso8601: "2025-06-02T\(time):00Z")))
            #expect(try await fleet.pendingStarts(of: early) == first)
            #expect(try await fleet.pendingStarts(of: late) == second)
        }
    }
}
