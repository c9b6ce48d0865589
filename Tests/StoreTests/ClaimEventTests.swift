// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import TestSupport
import Testing
import Time

@testable import Store

/// What a portal is told of claims.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct ClaimEventTests {
    private static func events(_ fleet: Fleet) async throws -> [String] {
        try await fleet.column(
            """
            SELECT concat_ws(' ', type, labels->>'claimant', labels->>'workspace', data->>'error_code',
                data->>'outcome' = (SELECT outcome FROM workspace_claims LIMIT 1),
                data->'claim'->>'id' = (SELECT id::text FROM workspace_claims LIMIT 1),
                recipients = ARRAY[(SELECT id FROM users WHERE username = 'ada')], (data->>'seconds')::int >= 0)
            FROM notification_events WHERE type IN ('workspace_ready', 'claim_failed') ORDER BY sequence
            """
        )
    }

    private func claimed(_ body: (Fleet, ClaimedJob) async throws -> Void) async throws {
        try await Fleet.open { fleet in
            try await fleet.addUser("ada")
            let template = try await fleet.addTemplate()
            _ = try await fleet.addPreset(of: template.version, desired: nil)
            _ = try await fleet.store.claim(ClaimRequest(template: "go-dev", owner: "ada", name: "dev"))
            try await body(fleet, try await fleet.claimOne(for: fleet.addWorker()))
        }
    }

    @Test func `a claimed workspace that can be used is told once, with its claim and its owner`() async throws {
        try await claimed { fleet, job in
            try await fleet.complete(job, .succeeded)
            #expect(try await Self.events(fleet) == ["workspace_ready ada dev t t t t"])
        }
    }

    @Test func `a claim whose build fails for good is told to the claimant`() async throws {
        try await claimed { fleet, job in
            try await fleet.complete(job, .failed(.capacity, message: "no room"))
            #expect(try await Self.events(fleet) == ["claim_failed ada dev CAPACITY t t t"])
        }
    }
}
