// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Store
import TestSupport
import Testing
import Time

/// The ends of workspaces: by their lifetime, and because nobody uses them.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct LifetimeTests {
    /// A claimed workspace `mine` of ada, whose build has succeeded, and the rules of its template.
    private struct Life {
        let room: ClaimRoom
        let worker: WorkerID
        var fleet: Fleet { room.fleet }
        var store: Store { room.fleet.store }

        static func open(_ rules: Lifetime = Lifetime(), ttl: Int? = nil, _ body: (Life) async throws -> Void)
            async throws
        {
            try await ClaimRoom.open { room in
                try await room.fleet.addWorkspace(of: room.preset)
                let life = Life(room: room, worker: try await room.fleet.addWorker())
                try await life.set(rules)
                let request = ClaimRequest(template: "go-dev", owner: "ada", name: "mine", ttl: ttl)
                #expect(try await room.fleet.store.claim(request).outcome == .hit)
                try await life.finish()
                try await body(life)
            }
        }

        func set(_ rules: Lifetime) async throws {
            try await fleet.sql(
                """
                UPDATE template_versions SET lifetime_default_secs = \(rules.defaultSeconds),
                    lifetime_max_secs = \(rules.maxSeconds), lifetime_warn_secs = \(rules.warnSeconds),
                    dormant_after_secs = \(rules.dormantSeconds), dormant_delete_secs = \(rules.deleteSeconds)
                """
            )
        }

        /// The next job succeeds.
        func finish() async throws {
            let job = try await fleet.claimOne(for: worker)
            var completion = BuildCompletion(result: .succeeded)
            let transition: String = try await fleet.value(
                "SELECT transition::text FROM workspace_builds WHERE job_id = \(job.id)"
            )
            completion.transition = Transition(rawValue: transition)
            try await store.completeBuild(job.held, completion)
        }

        func mine() async throws -> WorkspaceSummary { try await store.workspace("mine").workspace }

        /// As if the workspace had been there for that long.
        func pass(_ seconds: Int) async throws {
            try await fleet.sql(
                """
                UPDATE workspaces SET expires_at = expires_at - make_interval(secs => \(seconds)),
                    claimed_at = claimed_at - make_interval(secs => \(seconds)),
                    last_used_at = last_used_at - make_interval(secs => \(seconds)),
                    dormant_at = dormant_at - make_interval(secs => \(seconds)),
                    expiry_warned_for = expiry_warned_for - make_interval(secs => \(seconds)),
                    dormancy_warned_for = dormancy_warned_for - make_interval(secs => \(seconds))
                """
            )
        }

        func builds() async throws -> [String] {
            let all: [String] = try await fleet.column(
                """
                SELECT b.transition || ' ' || b.reason || ' ' || j.job_status FROM workspace_builds b
                JOIN provisioner_jobs j ON j.id = b.job_id JOIN workspaces w ON w.id = b.workspace_id
                WHERE w.name = 'mine' ORDER BY b.build_number
                """
            )
            return Array(all.dropFirst())
        }

        func events() async throws -> [String] {
            try await fleet.column(
                """
                SELECT type || coalesce(' ' || (data->>'what'), '') || coalesce(' ' || (data->>'cause'), '')
                FROM notification_events WHERE type IN ('workspace_expiring', 'workspace_expired', 'workspace_dormant') ORDER BY created_at, type
                """
            )
        }
    }

    @Test(
        arguments: [
            // default, max, asked, granted
            (nil, nil, nil, nil), (100, nil, nil, 100), (nil, 50, nil, 50), (100, 200, 150, 150), (nil, nil, 0, nil),
            (100, nil, 0, nil), (100, 200, 200, 200),
        ] as [(Int?, Int?, Int?, Int?)]
    )
    func `a claim gives what the template grants`(usual: Int?, most: Int?, asked: Int?, granted: Int?) async throws {
        try await Life.open(Lifetime(defaultSeconds: usual, maxSeconds: most), ttl: asked) { life in
            let mine = try await life.mine()
            let claimedAt = try #require(mine.claimedAt)
            #expect(mine.expiresAt == granted.map { claimedAt + .seconds($0) })
        }
    }

    @Test(arguments: [0, 201]) func `a claim for longer than the template allows spends nothing`(asked: Int)
        async throws
    {
        try await ClaimRoom.open { room in
            try await room.fleet.addWorkspace(of: room.preset)
            try await room.fleet.sql("UPDATE template_versions SET lifetime_max_secs = 200")
            let request = ClaimRequest(template: "go-dev", owner: "ada", name: "mine", ttl: asked)
            let error = await #expect(throws: StoreError.self) { try await room.fleet.store.claim(request) }
            #expect(error?.code == .invalid && error?.message.contains("3m20s") == true)
            #expect(try await room.fleet.workspaces().map(\.isPrebuild) == [true])
            // A new build has an end too.
            try await room.fleet.sql("UPDATE workspaces SET retiring = true")
            let fresh = try await room.fleet.store.claim(ClaimRequest(template: "go-dev", owner: "ada", name: "mine"))
            #expect(fresh.outcome != .hit && fresh.expiresAt != nil)
            #expect(try await room.fleet.store.workspace("mine").workspace.expiresAt == fresh.expiresAt)
        }
    }

    @Test func `an end is warned of once, moves with an extension, and is a deletion when it comes`() async throws {
        try await Life.open(Lifetime(defaultSeconds: 1_000, maxSeconds: 3_000, warnSeconds: 100)) { life in
            let store = life.store
            #expect(try await store.enforceLifetimes()?.isEmpty == true)
            try await life.pass(950)
            for _ in 0..<2 { _ = try await store.enforceLifetimes() }
            #expect(try await life.events() == ["workspace_expiring deletion expiry"])

            let request = WorkspaceRequest("mine", owner: nil, audience: .own(life.room.ada), by: life.room.ada)
            let before = try #require(try await life.mine().expiresAt)
            #expect(try await store.extend(.by(1_000), request).expiresAt == before + .seconds(1_000))
            // The maximum counts from the claim on.
            for change in [LifeExtension.by(2_000), .from(now: 2_100), .until(Fleet.now)] {
                let error = await #expect(throws: StoreError.self) { _ = try await store.extend(change, request) }
                #expect(error?.code == .invalid)
            }
            #expect(try await store.enforceLifetimes()?.isEmpty == true)
            try await life.pass(1_000)
            _ = try await store.enforceLifetimes()
            #expect(try await life.events().count == 2)

            try await life.pass(100)
            #expect(try await store.enforceLifetimes()?.deleted == 1)
            #expect(try await life.builds() == ["start claim succeeded", "delete autostop pending"])
            #expect(try await life.events().last == "workspace_expired expiry")
            #expect(try await store.enforceLifetimes()?.isEmpty == true)
            let late = await #expect(throws: StoreError.self) { _ = try await store.extend(.by(1), request) }
            #expect(late?.code == .conflict)
            // A deletion that was canceled is ordered again, as a pool does.
            let job: JobID = try await life.fleet.value("SELECT id FROM provisioner_jobs WHERE job_status = 'pending'")
            _ = try await store.cancelJob(job)
            #expect(try await store.enforceLifetimes()?.deleted == 1)
            try await life.finish()
            #expect(try await store.workspaces(owner: "ada").isEmpty)
        }
    }

    @Test func `nothing is done during maintenance, to a workspace that is being built, or to a prebuild`() async throws
    {
        try await Life.open(ttl: 100) { life in
            try await life.fleet.sql("UPDATE workspaces SET expires_at = now() - interval '1 day'")
            try await life.fleet.addWorkspace(of: life.room.preset)
            try await life.fleet.sql(
                "UPDATE workspaces SET expires_at = now() WHERE owner_id = \(prebuildsUserID)"
            )
            try await life.store.pause(.maintenance)
            #expect(try await life.store.enforceLifetimes() == nil)
            try await life.store.resume(.maintenance)
            let request = WorkspaceRequest("mine", owner: nil, audience: .everything, by: nil)
            _ = try await life.store.order(.stop, request)
            #expect(try await life.store.enforceLifetimes()?.isEmpty == true)
            try await life.finish()
            #expect(try await life.store.enforceLifetimes()?.deleted == 1)
            #expect(try await life.store.enforceLifetimes()?.isEmpty == true)
        }
    }

    @Test func `an unused workspace is stopped, and deleted when it was dormant for long`() async throws {
        let rules = Lifetime(warnSeconds: 100, dormantSeconds: 1_000, deleteSeconds: 5_000)
        try await Life.open(rules) { life in
            try await life.pass(950)
            for _ in 0..<2 { _ = try await life.store.enforceLifetimes() }
            #expect(try await life.events() == ["workspace_expiring dormancy unused"])
            try await life.pass(100)
            let done = try await life.store.enforceLifetimes()
            #expect(done?.dormant == 1 && done?.deleted == 0)
            #expect(try await life.builds().last == "stop dormancy pending")
            #expect(try await life.events().contains("workspace_dormant unused"))
            #expect(try await life.mine().dormantAt != nil)
            try await life.finish()
            #expect(try await life.store.enforceLifetimes()?.isEmpty == true)
            try await life.pass(4_950)
            #expect(try await life.store.enforceLifetimes()?.warned == 1)
            #expect(try await life.events().contains("workspace_expiring deletion dormancy"))
            try await life.pass(100)
            #expect(try await life.store.enforceLifetimes()?.deleted == 1)
            #expect(try await life.builds().last == "delete dormancy pending")
            #expect(try await life.events().contains("workspace_expired dormancy"))
        }
    }

    @Test func `a start wakes a dormant workspace`() async throws {
        try await Life.open(Lifetime(dormantSeconds: 1_000)) { life in
            try await life.pass(2_000)
            _ = try await life.store.enforceLifetimes()
            try await life.finish()
            let request = WorkspaceRequest("mine", owner: nil, audience: .own(life.room.ada), by: life.room.ada)
            _ = try await life.store.order(.start, request)
            #expect(try await life.mine().dormantAt == nil)
            let done = try await life.store.enforceLifetimes()
            #expect(done?.dormant == 0 && done?.deleted == 0)
        }
    }

    @Test func `the workspaces of a disabled user are stopped, and stay`() async throws {
        try await Life.open { life in
            _ = try await life.store.disableUser("ada")
            #expect(try await life.store.enforceLifetimes()?.dormant == 1)
            #expect(try await life.builds().last == "stop dormancy pending")
            #expect(try await life.events() == ["workspace_dormant owner_disabled"])
            try await life.finish()
            try await life.pass(1_000_000)
            #expect(try await life.store.enforceLifetimes()?.isEmpty == true)
            _ = try await life.store.enableUser("ada")
            let request = WorkspaceRequest("mine", owner: nil, audience: .own(life.room.ada), by: life.room.ada)
            #expect(try await life.store.order(.start, request).transition == .start)
        }
    }
}
