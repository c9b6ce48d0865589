// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import TestSupport
import Testing
import Time

@testable import Store

/// Claims that go to the server in one statement.
@Suite(.database(.migrated), .timeLimit(.minutes(2))) struct ClaimTogetherTests {
    private func prepared(_ requests: [ClaimRequest], in store: Store) async throws -> [PreparedClaim] {
        var claims: [PreparedClaim] = []
        for request in requests {
            guard case .target(let target) = try await store.resolve(request) else { continue }
            claims.append(PreparedClaim(id: .random(), request: request, target: target, isQueued: false))
        }
        return claims
    }

    private func request(_ name: String, preset: String? = nil, key: String? = nil) -> ClaimRequest {
        ClaimRequest(template: "go-dev", preset: preset, owner: "ada", name: name, idempotencyKey: key)
    }

    @Test func `each gets the oldest prebuild of its preset in its turn`() async throws {
        try await ClaimRoom.open { room in
            let other = try await room.fleet.addPreset("other", of: room.template.version, desired: 1)
            let name: String = try await room.fleet.value(
                "SELECT name FROM template_version_presets WHERE id = \(room.preset)"
            )
            let ages: [Int64] = [300, 200, 100]
            var mine: [WorkspaceID] = []
            for age in ages {
                mine.append(try await room.fleet.addWorkspace(of: room.preset, createdAt: Fleet.now - .seconds(age)).id)
            }
            let theirs = try await room.fleet.addWorkspace(of: other, createdAt: Fleet.now - .seconds(400)).id
            let claims = try await prepared(
                [
                    request("a", preset: name), request("b", preset: "other"), request("c", preset: name),
                    request("d", preset: "other"),
                ],
                in: room.fleet.store
            )
            let results = await ReadyClaims.bind(claims, on: room.fleet.store.pool).map { try? $0.get()?.workspaceID }
            #expect(results == [mine[0], theirs, mine[1], nil])
            #expect(
                try await room.fleet.column(
                    "SELECT name::text FROM workspaces WHERE claimed_at IS NOT NULL ORDER BY name"
                ) == ["a", "b", "c"]
            )
            #expect(try await room.fleet.count(of: "workspace_claims") == 3)
        }
    }

    @Test func `a name that is taken fails its claim alone`() async throws {
        try await ClaimRoom.open { room in
            try await room.fleet.addRunningPrebuilds(4, of: room.preset)
            _ = try await room.claim("taken")
            let claims = try await prepared(["a", "taken", "b"].map { request($0) }, in: room.fleet.store)
            let results = await ReadyClaims.bind(claims, on: room.fleet.store.pool)
            #expect(try results[0].get()?.outcome == .hit)
            #expect(try results[1].get() == nil)
            #expect(try results[2].get()?.outcome == .hit)
            #expect(try await room.fleet.count(of: "workspace_claims") == 3)
            #expect(await #expect(throws: StoreError.self) { _ = try await room.claim("taken") }?.code == .nameTaken)
        }
    }

    @Test func `two with one key are one claim`() async throws {
        try await ClaimRoom.open { room in
            try await room.fleet.addRunningPrebuilds(3, of: room.preset)
            let same = request("mine", key: "k")
            let claims = try await prepared([same, same, request("other", key: "k2")], in: room.fleet.store)
            let results = try await ReadyClaims.bind(claims, on: room.fleet.store.pool).map { try $0.get() }
            #expect(results[0]?.workspaceID == results[1]?.workspaceID)
            #expect(results[0]?.isRepeat == false && results[1]?.isRepeat == true && results[2]?.isRepeat == false)
            #expect(try await room.fleet.count(of: "workspace_claims") == 2)
        }
    }

    /// A key may be used between the lookup and the claim, by a repetition in another process.
    @Test func `one whose key has been used takes no other's prebuild`() async throws {
        try await ClaimRoom.open { room in
            try await room.fleet.addRunningPrebuilds(2, of: room.preset)
            let claims = try await prepared([request("mine", key: "k"), request("other")], in: room.fleet.store)
            let first = try await room.claim("mine", key: "k")
            let results = try await ReadyClaims.bind(claims, on: room.fleet.store.pool).map { try $0.get() }
            #expect(results[0]?.workspaceID == first.workspaceID && results[0]?.isRepeat == true)
            #expect(results[1]?.outcome == .hit)
        }
    }

    @Test func `each sets its own parameters, and takes the others from its prebuild`() async throws {
        try await ClaimRoom.open { room in
            try await room.fleet.sql(
                """
                INSERT INTO template_version_parameters (template_version_id, name, mutable, default_value, required)
                VALUES (\(room.template.version), 'x', true, '', false), (\(room.template.version), 'y', true, '', false)
                """
            )
            try await room.fleet.addRunningPrebuilds(2, of: room.preset)
            try await room.fleet.sql(
                """
                INSERT INTO workspace_build_parameters (workspace_build_id, name, value)
                SELECT id, name, 'built' FROM workspace_builds, unnest(ARRAY['x', 'y']) name
                """
            )
            var requests = [request("a"), request("b")]
            requests[0].parameters = ["x": "mine"]
            let results = try await ReadyClaims.bind(
                prepared(requests, in: room.fleet.store),
                on: room.fleet.store.pool
            ).map { try $0.get() }
            for (result, expected) in zip(results, [["x=mine", "y=built"], ["x=built", "y=built"]]) {
                #expect(
                    try await room.fleet.column(
                        """
                        SELECT name || '=' || value FROM workspace_build_parameters
                        WHERE workspace_build_id = \(result?.buildID) ORDER BY name
                        """
                    ) == expected
                )
            }
        }
    }

    @Test func `names are looked up together, and one that does not exist is not another's`() async throws {
        try await ClaimRoom.open { room in
            let grace = try await room.fleet.addUser("grace")
            var requests = ["ada", "nobody", "grace"].map { owner in
                ClaimRequest(template: "go-dev", owner: owner, name: "w")
            }
            requests.append(ClaimRequest(template: "none", owner: "ADA", name: "w"))
            let names = await ClaimNames.look(requests, on: room.fleet.store.pool)
            #expect(try names.map { try $0.get().owner?.id } == [room.ada, nil, grace, room.ada])
            #expect(
                try names.map { try $0.get().template?.id } == [
                    room.template.id, room.template.id, room.template.id, nil,
                ]
            )
            #expect(
                try names.map { try $0.get().presets.map(\.id) } == [[room.preset], [room.preset], [room.preset], []]
            )
        }
    }

    @Test func `a name that the server does not take fails its own lookup alone`() async throws {
        try await ClaimRoom.open { room in
            try await room.fleet.addRunningPrebuilds(1, of: room.preset)
            let names = await ClaimNames.look(
                [
                    ClaimRequest(template: "go-dev", owner: "a\u{0}da", name: "w"),
                    ClaimRequest(template: "go-dev", owner: "ada", name: "w"),
                ],
                on: room.fleet.store.pool
            )
            #expect(throws: PostgresError.self) { try names[0].get() }
            #expect(try names[1].get().owner?.id == room.ada)
        }
    }

    /// What a claim reads depends neither on its siblings nor on the past.
    @Test func `a claim reads as much beside many prebuilds and many claimed workspaces as alone`() async throws {
        try await ClaimRoom.open { room in
            try await room.fleet.sql("UPDATE template_version_presets SET name = 'mine'")
            try await room.fleet.addRunningPrebuilds(6, of: room.preset)
            _ = try await room.fleet.store.claim(request("first", preset: "mine"))
            let alone = try await reads(of: "alone", in: room)
            for number in 0..<25 {
                let sibling = try await room.fleet.addPreset("s\(number)", of: room.template.version, desired: 40)
                try await room.fleet.addRunningPrebuilds(40, of: sibling)
            }
            try await room.fleet.addClaimedWorkspaces(5_000, owner: room.ada, of: room.preset)
            try await room.fleet.sql("ANALYZE")
            #expect(try await reads(of: "crowded", in: room) == alone)
        }
    }

    private func reads(of name: String, in room: ClaimRoom) async throws -> [String: Int] {
        let tables = ["workspaces", "workspace_builds", "provisioner_jobs", "workspace_agents", "workspace_resources"]
        let before = try await room.fleet.reads(of: tables)
        #expect(try await room.fleet.store.claim(request(name, preset: "mine")).outcome == .hit)
        let after = try await room.fleet.reads(of: tables)
        return tables.reduce(into: [:]) { reads, table in
            #expect(after[table]?.scans == before[table]?.scans, "\(table) was scanned")
            reads[table] = (after[table]?.rows ?? 0) - (before[table]?.rows ?? 0)
        }
    }
}
