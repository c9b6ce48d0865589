// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Store
import TestSupport
import Testing
import Time

/// Claims that are repeated, and claims at the same moment.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct ClaimRaceTests {
    @Test func `the same key with the same request gives the same workspace`() async throws {
        try await ClaimRoom.open { room in
            for _ in 0..<2 { try await room.fleet.addWorkspace(of: room.preset) }
            let first = try await room.claim(key: "k")
            var repeated = first
            repeated.isRepeat = true
            #expect(try await room.claim(key: "k") == repeated)
            // Later builds and a deletion do not change what the key gave.
            try await room.fleet.addBuild(.init(transition: .stop), to: first.workspaceID, of: room.preset)
            #expect(try await room.claim(key: "k") == repeated)
            let error = await #expect(throws: StoreError.self) { _ = try await room.claim("other", key: "k") }
            #expect(error?.code == .conflict)
            #expect(try await room.claim("other", key: "k2").outcome == .hit)
            #expect(
                try await room.fleet.column("SELECT outcome FROM workspace_claims ORDER BY created_at")
                    == ["hit", "error", "hit"]
            )
        }
    }

    @Test func `what a key gave stays, whatever becomes of template, preset and workspace`() async throws {
        try await ClaimRoom.open { room in
            try await room.fleet.addWorkspace(of: room.preset)
            var expected = try await room.claim(key: "k")
            expected.isRepeat = true
            _ = try await room.fleet.addVersion(of: room.template.id)
            #expect(try await room.claim(key: "k") == expected)
            try await room.fleet.sql("UPDATE templates SET deleted = true")
            try await room.fleet.sql("UPDATE workspaces SET deleted = true")
            #expect(try await room.claim(key: "k") == expected)
        }
    }

    @Test func `a claim that fails does not use its key up`() async throws {
        try await ClaimRoom.open { room in
            try await room.fleet.sql("UPDATE templates SET deprecated = 'not now'")
            await #expect(throws: StoreError.self) { _ = try await room.claim(key: "k") }
            try await room.fleet.sql("UPDATE templates SET deprecated = ''")
            #expect(try await room.claim(key: "k").isRepeat == false)
        }
    }

    @Test func `ten claims with one key at the same moment are one claim`() async throws {
        try await ClaimRoom.open(sessions: 10) { room in
            for _ in 0..<3 { try await room.fleet.addWorkspace(of: room.preset) }
            let results = try await withThrowingTaskGroup(of: ClaimResult.self) { group in
                for _ in 0..<10 { group.addTask { try await room.claim(key: "k") } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(results.map(\.workspaceID)).count == 1)
            #expect(results.count { !$0.isRepeat } == 1)
            #expect(try await room.fleet.count(of: "workspace_claims") == 1)
        }
    }

    @Test(arguments: [(12, 5), (5, 12), (8, 8)])
    func `claims at the same moment get distinct prebuilds, and the rest fresh builds`(
        claims: Int,
        prebuilds: Int
    ) async throws {
        try await ClaimRoom.open(sessions: 12) { room in
            try await room.fleet.addRunningPrebuilds(prebuilds, of: room.preset)
            let results = try await withThrowingTaskGroup(of: ClaimResult.self) { group in
                for number in 0..<claims { group.addTask { try await room.claim("w-\(number)") } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(results.map(\.workspaceID)).count == claims)
            #expect(results.count { $0.outcome == .hit } == min(claims, prebuilds))
            #expect(results.count { $0.outcome == .missEmpty } == max(claims - prebuilds, 0))
            #expect(try await room.fleet.count(of: "workspaces") == max(claims, prebuilds))
        }
    }

    @Test func `a prebuild that another holds is skipped, not waited for`() async throws {
        try await ClaimRoom.open { room in
            let older = try await room.fleet.addWorkspace(of: room.preset, createdAt: Fleet.now - .seconds(90))
            let younger = try await room.fleet.addWorkspace(of: room.preset, createdAt: Fleet.now - .seconds(60))
            try await room.fleet.store.pool.withTransaction("test") { transaction in
                _ = try await transaction.execute(
                    Statement("test", "SELECT FROM workspaces WHERE id = \(older.id) FOR UPDATE")
                )
                #expect(try await room.claim("a").workspaceID == younger.id)
                #expect(try await room.claim("b").outcome == .missEmpty)
            }
            #expect(try await room.claim("c").workspaceID == older.id)
        }
    }
}
