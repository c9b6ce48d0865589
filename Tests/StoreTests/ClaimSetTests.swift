// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Store
import TestSupport
import Testing

/// Several claims of one request, and labels.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct ClaimSetTests {
    private let request = ClaimRequest(
        template: "go-dev",
        owner: "ada",
        name: "run",
        labels: ["team": "data", "run": "17"]
    )

    private func names(_ count: Int) -> [String] { (1...count).map { "run-\($0)" } }

    @Test func `all are handed over in one transaction, with their labels`() async throws {
        try await ClaimRoom.open { room in
            let prebuilds = try await [
                room.fleet.addWorkspace(of: room.preset), room.fleet.addWorkspace(of: room.preset),
            ]
            let results = try await room.fleet.store.claim(request, names: names(2), .all)
            #expect(results.map(\.workspaceName) == ["run-1", "run-2"])
            #expect(results.map(\.outcome) == [.hit, .hit])
            #expect(Set(results.map(\.workspaceID)) == Set(prebuilds.map(\.id)))
            #expect(
                try await room.fleet.value("SELECT count(DISTINCT xmin::text) FROM workspaces WHERE name LIKE 'run-%'")
                    == 1
            )
            for (selector, count) in [(["team": "data"], 2), (["team": "data", "run": "17"], 2), (["team": "web"], 0)] {
                let found = try await room.fleet.store.workspaces(labelled: selector)
                #expect(found.count == count)
                #expect(found.allSatisfy { $0.labels == request.labels })
            }
            #expect(try await room.fleet.store.workspace("run-1", owner: "ada").workspace.labels == request.labels)
        }
    }

    @Test func `more than there are is refused, and nothing is spent; or as many as there are`() async throws {
        try await ClaimRoom.open { room in
            for _ in 0..<2 { try await room.fleet.addWorkspace(of: room.preset) }
            let before = try await room.fleet.workspaces()
            let refused = await #expect(throws: StoreError.self) {
                _ = try await room.fleet.store.claim(request, names: names(3), .all)
            }
            #expect(refused?.code == .conflict)
            #expect(refused?.message == "Only 2 of 3 are ready, and nothing was claimed")
            #expect(try await room.fleet.workspaces() == before)
            #expect(try await room.fleet.count(of: "workspace_claims") == 0)
            let some = try await room.fleet.store.claim(request, names: names(3), .available)
            #expect(some.map(\.workspaceName) == ["run-1", "run-2"])
            let none = await #expect(throws: StoreError.self) {
                _ = try await room.fleet.store.claim(request, names: ["run-3"], .available)
            }
            #expect(none?.code == .conflict)
        }
    }

    @Test func `a name that is taken refuses all, and a key gives the same ones again`() async throws {
        try await ClaimRoom.open { room in
            for _ in 0..<4 { try await room.fleet.addWorkspace(of: room.preset) }
            var keyed = request
            keyed.idempotencyKey = "k"
            let first = try await room.fleet.store.claim(keyed, names: names(2), .all)
            let again = try await room.fleet.store.claim(keyed, names: names(2), .all)
            #expect(again.map(\.workspaceID) == first.map(\.workspaceID))
            #expect(again.map(\.isRepeat) == [true, true])
            let taken = await #expect(throws: StoreError.self) {
                _ = try await room.fleet.store.claim(request, names: ["run-3", "RUN-2"], .all)
            }
            #expect(taken?.code == .nameTaken)
            #expect(try await room.fleet.count(of: "workspace_claims") == 2)
        }
    }

    @Test func `sets of claims at the same time never share a prebuild`() async throws {
        try await ClaimRoom.open(sessions: 8) { room in
            for _ in 0..<6 { try await room.fleet.addWorkspace(of: room.preset) }
            let store = room.fleet.store
            let served = await withTaskGroup(of: [WorkspaceID].self) { group in
                for set in 0..<4 {
                    group.addTask {
                        let names = (1...3).map { "set\(set)-\($0)" }
                        return (try? await store.claim(request, names: names, .all).map(\.workspaceID)) ?? []
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(served.allSatisfy { [0, 3].contains($0.count) })
            let all = served.flatMap(\.self)
            #expect(Set(all).count == all.count)
            let owned = try await room.fleet.value(
                "SELECT count(*)::int FROM workspaces WHERE owner_id = \(room.ada)",
                as: Int.self
            )
            #expect(owned == all.count)
        }
    }

    @Test func `a fresh workspace has labels, and a prebuild that goes back has none`() async throws {
        try await ClaimRoom.open { room in
            var one = request
            one.name = "mine"
            let fresh = try await room.fleet.store.claim(one)
            #expect(fresh.outcome == .missEmpty)
            #expect(try await room.fleet.store.workspaces(labelled: request.labels).map(\.id) == [fresh.workspaceID])
            let prebuild = try await room.fleet.addWorkspace(of: room.preset)
            one.name = "other"
            let hit = try await room.fleet.store.claim(one)
            #expect(hit.workspaceID == prebuild.id)
            let worker = try await room.fleet.addWorker()
            let jobs = try await room.fleet.store.claimJobs(for: worker, limit: 9, poolLimit: 9)
            let job = try #require(jobs.first { $0.id == hit.jobID })
            #expect(
                try await room.fleet.store.refuseClaim(job.held, .fresh, code: .replacementBlocked, message: "no")
            )
            let labelled = try await room.fleet.store.workspaces(labelled: request.labels)
            #expect(Set(labelled.map(\.name)) == ["mine", "other"])
            #expect(!labelled.contains { $0.id == prebuild.id })
        }
    }

    @Test(arguments: ["", "a", "=b", "a=b,a=c", "a=b,", "-a=b", "a=b c"])
    func `what is no selector is said to be none`(text: String) {
        #expect(throws: StoreError.self) { try Labels.selector(text) }
    }
}
