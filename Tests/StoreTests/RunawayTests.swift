// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds
import Store
import TestSupport
import Testing
import Time

/// A pool whose orders come to nothing, though no build of it fails.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct RunawayTests {
    /// What becomes of an order.
    enum End: String, CaseIterable {
        case canceled, workerLost, vanished
    }

    @Test(arguments: End.allCases)
    func `a pool that gets nothing for its orders stops, tells once, and goes on after a reset`(end: End) async throws {
        try await Fleet.open { fleet in
            try await fleet.addUser("admin", roles: ["template-admin"])
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 1)
            let limits = PlanLimits(failureHardLimit: 3)
            func passes(_ count: Int) async throws -> Int {
                var created = 0
                for _ in 0..<count {
                    created += try await fleet.pass(limits: limits).applied.createdTotal
                    try await fleet.endOrders(end)
                }
                return created
            }
            #expect(try await passes(20) == 10)
            #expect(try await fleet.status(of: preset) == "hard_limited")
            #expect(try await fleet.eventTypes().filter { $0 == "prebuild_failure_limit_reached" }.count == 1)
            let (failures, error) = try #require(
                try await fleet.sql(
                    """
                    SELECT (data->>'failures')::int, data->>'last_error' FROM notification_events
                    WHERE type = 'prebuild_failure_limit_reached'
                    """
                ).only
            ).decode(Int.self, String.self)
            #expect(failures == 10)
            #expect(error.hasPrefix("10 prebuilds of this preset were ordered within an hour"))
            let withheld = try #require(try await fleet.pass(limits: limits).plan.presets[0].withheld.only)
            #expect(withheld.reason == .hardLimited)
            #expect(withheld.message.hasPrefix(error))

            try await fleet.store.resetPresets(.id(preset), by: "admin", at: Fleet.now + .microseconds(1))
            let later = Fleet.now + .seconds(1)
            #expect(try await fleet.pass(at: later, limits: limits).applied.createdTotal == 1)
            #expect(try await fleet.status(of: preset) == "healthy")
        }
    }

    @Test func `orders are counted for an hour, and those before one that became ready are not`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            _ = try await fleet.addPreset(of: template.version, desired: 1)
            func order(_ count: Int, after minutes: Int64) async throws -> Int {
                var created = 0
                for _ in 0..<count {
                    let moment = Fleet.now + .seconds(minutes * 60)
                    created += try await fleet.pass(at: moment).applied.createdTotal
                    try await fleet.endOrders(.canceled)
                }
                return created
            }
            #expect(try await order(9, after: 0) == 9)
            // The hour of the first ones is over.
            #expect(try await order(9, after: 61) == 9)
            // One is built, claimed, and gone: the pool works.
            let moment = Fleet.now + .seconds(62 * 60)
            try await fleet.pass(at: moment)
            try await fleet.sql(
                "UPDATE provisioner_jobs SET started_at = \(moment), completed_at = \(moment) WHERE completed_at IS NULL"
            )
            try await fleet.sql("UPDATE workspaces SET deleted = true")
            #expect(try await order(20, after: 63) == 10)
        }
    }

    @Test func `a prebuild whose agents never come up is not one that became ready`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let version = try await fleet.addVersion(of: template.id, agents: ["main"])
            let preset = try await fleet.addPreset(of: version, desired: 1)
            var created = 0
            for _ in 0..<15 {
                created += try await fleet.pass().applied.createdTotal
                try await fleet.sql(
                    "UPDATE provisioner_jobs SET started_at = now(), completed_at = now() WHERE completed_at IS NULL"
                )
                // Invalidated, and removed, before it was ready.
                try await fleet.sql("UPDATE workspaces SET deleted = true")
            }
            #expect(created == 10)
            #expect(try await fleet.status(of: preset) == "hard_limited")
        }
    }
}

extension Fleet {
    /// Ends all orders that wait, so that none becomes a prebuild.
    fileprivate func endOrders(_ end: RunawayTests.End) async throws {
        switch end {
        case .canceled:
            for job in try await column(
                "SELECT id FROM provisioner_jobs WHERE job_status = 'pending'",
                as: JobID.self
            ) {
                _ = try await store.cancelJob(job)
            }
        case .workerLost:
            try await sql(
                """
                UPDATE provisioner_jobs SET started_at = now(), completed_at = now(), error = 'lost',
                    error_code = 'WORKER_LOST'
                WHERE completed_at IS NULL
                """
            )
        case .vanished:
            try await sql("DELETE FROM provisioner_jobs")
        }
    }
}
