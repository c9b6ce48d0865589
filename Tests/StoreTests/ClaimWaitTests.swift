// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Store
import TestSupport
import Testing

/// Claims that wait for the next prebuild.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct ClaimWaitTests {
    /// Claims that are woken by the test, or by themselves after the time they allow.
    private struct Line {
        let room: ClaimRoom
        let looks = TestSignal<String>()

        /// - Parameter wakes: Whether it is woken at every look; else it waits until it is canceled.
        func claim(_ name: String, key: String? = nil, within limit: Duration = .seconds(50)) async throws
            -> ClaimResult
        {
            let request = ClaimRequest(template: "go-dev", owner: "ada", name: name, idempotencyKey: key)
            return try await room.fleet.store.claim(request, waitingAtMost: limit) { pause in
                looks.send(name)
                try? await Task.sleep(for: min(pause, .milliseconds(5)))
            }
        }

        func queued(_ count: Int) async throws {
            try await room.fleet.until("(SELECT count(*) FROM workspace_claim_waiters) = \(count)")
        }
    }

    @Test func `with one at hand nobody waits`() async throws {
        try await ClaimRoom.open { room in
            let prebuild = try await room.fleet.addWorkspace(of: room.preset)
            let result = try await Line(room: room).claim("mine")
            #expect(result.outcome == .hit)
            #expect(result.reason == "")
            #expect(result.workspaceID == prebuild.id)
            #expect(try await room.fleet.count(of: "workspace_claim_waiters") == 0)
        }
    }

    @Test func `who came first gets the next one first, and nobody gets two`() async throws {
        try await ClaimRoom.open(sessions: 8) { room in
            let line = Line(room: room)
            let order = WatchedState<[String]>([])
            try await withThrowingTaskGroup(of: ClaimResult.self) { group in
                for number in 0..<5 {
                    group.addTask {
                        let result = try await line.claim("w-\(number)")
                        order.update { $0.append(result.workspaceName) }
                        return result
                    }
                    try await line.queued(number + 1)
                }
                var results: [ClaimResult] = []
                for number in 0..<5 {
                    let prebuild = try await room.fleet.addWorkspace(of: room.preset)
                    let result = try #require(try await group.next())
                    #expect(result.workspaceID == prebuild.id)
                    #expect(result.workspaceName == "w-\(number)")
                    results.append(result)
                }
                #expect(results.map(\.outcome) == Array(repeating: .hit, count: 5))
                #expect(results.map(\.reason) == Array(repeating: "it waited for a refill", count: 5))
            }
            #expect(order.current == (0..<5).map { "w-\($0)" })
            #expect(try await room.fleet.count(of: "workspace_claim_waiters") == 0)
            // From when it took its place, not from when it was served.
            #expect(
                try await room.fleet.value(
                    "SELECT bool_and(bound_at > created_at AND created_at < now()) FROM workspace_claims"
                ) == true
            )
        }
    }

    @Test func `the end of a build and the report of an agent are told to those who wait`() async throws {
        try await ClaimRoom.open { room in
            let fleet = room.fleet
            let told = try await fleet.listen(to: Channel.ready)
            try await fleet.pass(at: nil)
            let worker = try await fleet.addWorker()
            try await fleet.complete(try await fleet.claimOne(for: worker), .succeeded)
            #expect(try await told.next("a prebuild to become ready") == "\(room.preset)")
        }
    }

    @Test func `after its time it is a fresh build`() async throws {
        try await ClaimRoom.open { room in
            let result = try await Line(room: room).claim("mine", within: .milliseconds(30))
            #expect(result.outcome == .missEmpty)
            #expect(result.buildNumber == 1)
            #expect(try await room.fleet.count(of: "workspace_claim_waiters") == 0)
        }
    }

    @Test func `after its time it is a fresh build, also behind others that wait on`() async throws {
        try await ClaimRoom.open { room in
            let line = Line(room: room)
            let patient = Task { try await line.claim("patient") }
            try await line.queued(1)
            #expect(try await line.claim("hasty", within: .milliseconds(1)).outcome == .missEmpty)
            let prebuild = try await room.fleet.addWorkspace(of: room.preset)
            #expect(try await patient.value.workspaceID == prebuild.id)
        }
    }

    @Test func `what no prebuild can become is built at once`() async throws {
        try await ClaimRoom.open { room in
            let request = ClaimRequest(template: "go-dev", owner: "ada", name: "mine", parameters: ["test": "other"])
            let result = try await room.fleet.store.claim(request, waitingAtMost: .seconds(50)) { _ in
                Issue.record("it waited")
            }
            #expect(result.outcome == .missUnmatched)
        }
    }

    @Test func `who gives up, and who dies, lets those behind pass`() async throws {
        try await ClaimRoom.open(sessions: 6) { room in
            let line = Line(room: room)
            let first = Task { try await line.claim("first") }
            try await line.queued(1)
            // One whose process is gone: nobody looks for it any more.
            try await room.fleet.sql(
                """
                INSERT INTO workspace_claim_waiters (preset_id, lease_expires_at, created_at)
                VALUES (\(room.preset), now() + interval '50 milliseconds', now() - interval '1 minute')
                """
            )
            async let second = line.claim("second")
            try await line.queued(3)
            first.cancel()
            await #expect(throws: CancellationError.self) { try await first.value }
            let prebuild = try await room.fleet.addWorkspace(of: room.preset)
            #expect(try await second.workspaceID == prebuild.id)
            #expect(try await room.fleet.column("SELECT outcome FROM workspace_claims") == ["hit"])
        }
    }

    @Test func `the same key that waits twice gets one workspace`() async throws {
        try await ClaimRoom.open(sessions: 6) { room in
            let line = Line(room: room)
            async let one = line.claim("mine", key: "k")
            async let other = line.claim("mine", key: "k")
            try await line.queued(2)
            for _ in 0..<2 { try await room.fleet.addWorkspace(of: room.preset) }
            let results = [try await one, try await other]
            #expect(Set(results.map(\.workspaceID)).count == 1)
            #expect(results.count(where: \.isRepeat) == 1)
        }
    }

    @Test func `a claim that would wait and need not is found again, by its id and by its key`() async throws {
        try await ClaimRoom.open { room in
            let prebuild = try await room.fleet.addWorkspace(of: room.preset)
            let request = ClaimRequest(template: "go-dev", owner: "ada", name: "mine", idempotencyKey: "k")
            var results: [ClaimResult] = []
            for _ in 0..<2 {
                results.append(
                    try await room.fleet.store.claim(request, waitingAtMost: .seconds(50)) { _ in
                        Issue.record("it waited")
                    }
                )
            }
            #expect(results.map(\.workspaceID) == [prebuild.id, prebuild.id])
            #expect(results.map(\.isRepeat) == [false, true])
            #expect(try await room.fleet.store.claim(results[0].claimID).jobID == results[0].jobID)
        }
    }

    @Test func `a place in the queue is kept when the template gets a new version`() async throws {
        try await ClaimRoom.open(sessions: 6) { room in
            let line = Line(room: room)
            async let waiting = line.claim("mine")
            try await line.queued(1)
            let version = try await room.fleet.addVersion(of: room.template.id, activating: false)
            let preset = try await room.fleet.addPreset(of: version, desired: 1)
            // Whoever waits looks at any moment: a version becomes active with its presets.
            try await room.fleet.activate(version, of: room.template.id)
            let prebuild = try await room.fleet.addWorkspace(of: preset)
            #expect(try await waiting.workspaceID == prebuild.id)
        }
    }
}
