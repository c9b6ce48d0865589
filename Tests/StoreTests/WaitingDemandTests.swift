// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds
import TestSupport
import Testing

@testable import Store

/// Claims that wait, as a pass sees them.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct WaitingDemandTests {
    private func queue(_ fleet: Fleet, for preset: PresetID, lease: Double = 60) async throws {
        try await fleet.sql(
            """
            INSERT INTO workspace_claim_waiters (preset_id, lease_expires_at)
            VALUES (\(preset), now() + make_interval(secs => \(lease)))
            """
        )
    }

    @Test(arguments: [true, false])
    func `a pass for all and one for the pool order for those who wait, and not for the dead`(isNamed: Bool)
        async throws
    {
        try await ClaimRoom.open { room in
            let fleet = room.fleet
            let sibling = try await fleet.addPreset("sibling", of: room.template.version, desired: 1)
            for _ in 0..<3 { try await queue(fleet, for: room.preset) }
            try await queue(fleet, for: sibling, lease: -1)
            let (plan, applied) = try await fleet.pass(at: nil, of: isNamed ? [room.preset, sibling] : nil)
            #expect(plan.presets.map(\.state.waiting) == [3, 0])
            #expect(applied.created == [room.preset: 5, sibling: 1])
            #expect(try await fleet.pass(at: nil).applied.isEmpty)
        }
    }

    @Test func `who was served, or gave up, leaves no surplus behind`() async throws {
        try await ClaimRoom.open { room in
            let fleet = room.fleet
            for _ in 0..<3 { try await fleet.addWorkspace(of: room.preset) }
            try await queue(fleet, for: room.preset)
            #expect(try await fleet.pass(at: nil).applied.isEmpty)
            try await fleet.sql("DELETE FROM workspace_claim_waiters")
            #expect(try await fleet.pass(at: nil).applied.deleted.count == 1)
        }
    }

    @Test func `a pass removes the places of those who died`() async throws {
        try await ClaimRoom.open { room in
            try await queue(room.fleet, for: room.preset, lease: -61)
            try await queue(room.fleet, for: room.preset, lease: -5)
            try await room.fleet.pass(at: nil)
            #expect(try await room.fleet.count(of: "workspace_claim_waiters") == 1)
        }
    }

    @Test func `the reconciler is told of who comes and who goes, and not of each look`() async throws {
        try await ClaimRoom.open(sessions: 6) { room in
            let told = try await room.fleet.listen(to: Channel.reconcile)
            let looks = TestSignal<Void>()
            let request = ClaimRequest(template: "go-dev", owner: "ada", name: "mine")
            let waiting = Task {
                try await room.fleet.store.claim(request, waitingAtMost: .seconds(50)) { _ in
                    looks.send()
                    try? await Task.sleep(for: .milliseconds(2))
                }
            }
            #expect(try await told.next("the newcomer") == "\(room.preset)")
            for _ in 0..<5 { try await looks.next("a look") }
            // Behind whatever was told before.
            try await room.fleet.sql("NOTIFY stoker_reconcile, 'mark'")
            #expect(try await told.next("the mark") == "mark")
            waiting.cancel()
            #expect(try await told.next("the leaver") == "\(room.preset)")
        }
    }
}
