// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds
import Store
import TestSupport
import Testing
import Time

/// Failed prebuilds as evidence, and the hard limit that lets one build through.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct EvidenceTests {
    private static let limits = PlanLimits(
        backoffInterval: .zero,
        backoffLookback: .seconds(3_600),
        failureHardLimit: 3
    )

    /// A pool of one, the passes that are made for it, and how its orders end.
    private struct Room {
        let fleet: Fleet
        let preset: PresetID

        @discardableResult
        func pass(_ seconds: Int, limits: PlanLimits = EvidenceTests.limits) async throws -> AppliedPlan {
            try await fleet.pass(at: Fleet.now + .seconds(seconds), limits: limits).applied
        }

        /// Ends the starts that wait, at that moment.
        func end(_ seconds: Int, error: String? = "it did not work", code: String? = nil) async throws {
            let moment = Fleet.now + .seconds(seconds)
            try await fleet.sql(
                """
                UPDATE provisioner_jobs SET started_at = \(moment), completed_at = \(moment), error = \(error),
                    error_code = \(code)
                WHERE job_status = 'pending' AND id IN (SELECT job_id FROM workspace_builds WHERE transition = 'start')
                """
            )
        }

        /// The prebuilds that exist or are being deleted, oldest first, such as `start failed`.
        func builds() async throws -> [[String]] { try await fleet.workspaces().map(\.builds) }
        func status() async throws -> String { try await fleet.status(of: preset) }

        static func open(_ body: (Self) async throws -> Void) async throws {
            try await Fleet.open { fleet in
                try await fleet.addUser("admin", roles: ["template-admin"])
                let template = try await fleet.addTemplate()
                try await body(Room(fleet: fleet, preset: try await fleet.addPreset(of: template.version, desired: 1)))
            }
        }
    }

    @Test func `the newest two stay for a day, the others are destroyed, and all of them count`() async throws {
        try await Room.open { room in
            var limits = Self.limits
            limits.failureHardLimit = 5
            for round in 0..<5 {
                #expect(try await room.pass(round * 10, limits: limits).createdTotal == 1)
                try await room.end(round * 10 + 5)
            }
            // Of five failures three are gone, and the fifth is the limit.
            #expect(try await room.pass(50, limits: limits).createdTotal == 0)
            #expect(try await room.status() == "hard_limited")
            let failed = try await room.fleet.workspaces()
            #expect(failed.map { $0.builds.first } == Array(repeating: "start failed", count: failed.count))
            #expect(failed.count(where: { $0.builds.count == 1 }) == 2)
            #expect(failed.count(where: { $0.builds.last?.hasPrefix("delete") == true }) == 3)
            #expect(try await room.pass(86_000, limits: .none).deleted.isEmpty)
            #expect(try await room.pass(86_500, limits: .none).deleted.count == 2)
        }
    }

    @Test func `what is deleted lengthens the back-off as before`() async throws {
        try await Room.open { room in
            var limits = Self.limits
            limits.failureHardLimit = 0
            for round in 0..<4 {
                try await room.pass(round * 10, limits: limits)
                try await room.end(round * 10 + 5)
            }
            limits.backoffInterval = .seconds(60)
            let plan = try await room.fleet.pass(at: Fleet.now + .seconds(40), limits: limits).plan.presets[0]
            #expect(plan.backoff?.failures == 4)
            #expect(plan.backoff?.lastBuildAt == Fleet.now + .seconds(30))
        }
    }

    @Test func `what an operator has inserted stays`() async throws {
        try await Room.open { room in
            for _ in 0..<4 { try await room.fleet.addWorkspace(of: room.preset, .init(status: .failed)) }
            #expect(try await room.pass(200_000, limits: .none).deleted.isEmpty)
        }
    }

    @Test
    func `one build after 15 minutes, then after twice as long, until one succeeds, though it is claimed at once`()
        async throws
    {
        try await Room.open { room in
            for round in 0..<3 {
                try await room.pass(round * 10)
                try await room.end(round * 10 + 5)
            }
            try await room.pass(30)
            #expect(try await room.status() == "hard_limited")
            #expect(try await room.pass(30 + 899).createdTotal == 0)
            #expect(try await room.pass(30 + 900).createdTotal == 1)
            #expect(try await room.pass(30 + 901).createdTotal == 0)
            try await room.end(1_000)
            #expect(try await room.pass(930 + 1_799).createdTotal == 0)
            #expect(try await room.pass(930 + 1_800).createdTotal == 1)
            #expect(try await room.status() == "hard_limited")
            #expect(
                try await room.fleet.value(
                    """
                    SELECT limit_trials || ' ' || (limit_trial_at = \(Fleet.now + .seconds(2_730 + 3_600)))::text
                    FROM template_version_presets
                    """
                ) == "2 true"
            )
            try await room.end(2_800, error: nil)
            let ada = try await room.fleet.addUser("ada")
            try await room.fleet.sql(
                """
                UPDATE workspaces w SET owner_id = \(ada) FROM workspace_builds b JOIN provisioner_jobs j ON j.id = b.job_id
                WHERE b.workspace_id = w.id AND j.job_status = 'succeeded' AND b.transition = 'start'
                """
            )
            #expect(try await room.pass(2_801).createdTotal == 1)
            #expect(try await room.status() == "healthy")
            #expect(try await room.pass(2_802).isEmpty)
            #expect(
                try await room.fleet.column("SELECT type FROM notification_events ORDER BY created_at, type")
                    == ["prebuild_failure_limit_reached", "prebuild_failure_limit_resolved"]
            )
            #expect(
                try await room.fleet.column("SELECT data->>'how' FROM notification_events WHERE data ? 'how'")
                    == ["build_succeeded"]
            )
            #expect(
                try await room.fleet.value(
                    "SELECT count(*) FROM notification_events WHERE resolved_at IS NULL AND dedupe_key IS NOT NULL"
                ) == 0
            )
        }
    }

    @Test func `INVALID stops at once, and is tried again after a reset only`() async throws {
        try await Room.open { room in
            try await room.pass(0)
            try await room.end(5, code: "INVALID")
            #expect(try await room.pass(6).createdTotal == 0)
            #expect(try await room.status() == "hard_limited")
            #expect(try await room.pass(100_000).createdTotal == 0)
            try await room.fleet.store.resetPresets(.id(room.preset), by: "admin", at: Fleet.now + .seconds(100_000))
            #expect(try await room.pass(100_001).createdTotal == 1)
        }
    }
}
