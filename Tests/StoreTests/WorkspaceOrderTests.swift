// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Store
import TestSupport
import Testing
import Time

/// Stops, starts and restarts of a workspace: one build at a time.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct WorkspaceOrderTests {
    private struct Place {
        let fleet: Fleet
        let ada: UserID
        let preset: PresetID
        let workspace: Fleet.Workspace
        let worker: WorkerID

        static func open(_ body: (Place) async throws -> Void) async throws {
            try await Fleet.open { fleet in
                let ada = try await fleet.addUser("ada")
                let template = try await fleet.addTemplate()
                let preset = try await fleet.addPreset(of: template.version, desired: nil)
                let workspace = try await fleet.addWorkspace(of: preset, owner: ada, name: "box", .init())
                let place = Place(
                    fleet: fleet,
                    ada: ada,
                    preset: preset,
                    workspace: workspace,
                    worker: try await fleet.addWorker()
                )
                try await body(place)
            }
        }

        func order(_ order: WorkspaceOrder, _ name: String = "box", as user: UserID? = nil) async throws -> OrderedBuild
        {
            let audience = user.map(Audience.own) ?? .own(ada)
            return try await fleet.store.order(
                order,
                WorkspaceRequest(name, owner: nil, audience: audience, by: user ?? ada)
            )
        }

        func refused(_ order: WorkspaceOrder, _ code: StoreError.Code, _ words: String) async throws {
            let error = await #expect(throws: StoreError.self) { try await self.order(order) }
            #expect(error?.code == code && error?.message.contains(words) == true, "\(error?.message ?? "")")
        }

        func finish(
            _ transition: Transition,
            _ result: JobResult = .succeeded,
            then next: Transition? = nil
        ) async throws {
            let job = try await fleet.claimOne(for: worker)
            var completion = BuildCompletion(result: result)
            (completion.transition, completion.next) = (transition, next)
            try await fleet.store.completeBuild(job.held, completion)
        }

        func builds() async throws -> [String] { try await fleet.workspaces().first?.builds ?? [] }
    }

    @Test func `a workspace is stopped and started, and each order is a build of its own`() async throws {
        try await Place.open { place in
            try await place.refused(.start, .conflict, "started already")
            let stop = try await place.order(.stop)
            #expect(stop.transition == .stop && stop.buildNumber == 2 && stop.workspaceName == "box")
            for order in [WorkspaceOrder.stop, .start, .restart] {
                try await place.refused(order, .conflict, "under way: stop, pending")
            }
            try await place.finish(.stop)
            try await place.refused(.stop, .conflict, "stopped already")
            try await place.refused(.restart, .conflict, "is stopped")
            #expect(try await place.order(.start).buildNumber == 3)
            try await place.finish(.start, .failed(.failed, message: "no"))
            // A failed build can be followed by either.
            #expect(try await place.order(.start).buildNumber == 4)
            try await place.finish(.start)
            let builds = ["start succeeded", "stop succeeded", "start failed", "start succeeded"]
            #expect(try await place.builds() == builds)
            let values: Int = try await place.fleet.value("SELECT count(*) FROM workspace_build_parameters")
            #expect(values == 4)
        }
    }

    @Test func `the end of a restart's stop orders the start, unless it fails`() async throws {
        try await Place.open { place in
            let stop = try await place.order(.restart)
            let job = try await place.fleet.claimOne(for: place.worker)
            #expect(job.id == stop.jobID)
            let context = try await place.fleet.store.buildContext(of: job.held)
            #expect(context.next == .start && context.build.transition == .stop)
            var completion = BuildCompletion(result: .succeeded)
            (completion.transition, completion.next) = (.stop, context.next)
            try await place.fleet.store.completeBuild(job.held, completion)
            #expect(try await place.builds() == ["start succeeded", "stop succeeded", "start pending"])
            try await place.finish(.start)
            _ = try await place.order(.restart)
            try await place.finish(.stop, .failed(.failed, message: "no"), then: .start)
            #expect(try await place.builds().last == "stop failed")
        }
    }

    @Test func `of many orders at once one is taken`() async throws {
        try await Place.open { place in
            let taken = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<8 { group.addTask { (try? await place.order(.stop)) != nil } }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(taken == 1)
            #expect(try await place.builds() == ["start succeeded", "stop pending"])
        }
    }

    @Test func `others, prebuilds and what is being deleted are refused`() async throws {
        try await Place.open { place in
            let bob = try await place.fleet.addUser("bob")
            let error = await #expect(throws: StoreError.self) { try await place.order(.stop, as: bob) }
            #expect(error?.code == .notFound)
            try await place.fleet.addWorkspace(of: place.preset, name: "pre")
            let prebuild = await #expect(throws: StoreError.self) {
                try await place.fleet.store.order(
                    .stop,
                    WorkspaceRequest("pre", owner: nil, audience: .everything, by: nil)
                )
            }
            #expect(prebuild?.code == .conflict && prebuild?.message.contains("prebuild") == true)
            _ = try await place.fleet.store.deleteWorkspace("box")
            try await place.refused(.stop, .conflict, "being deleted")
        }
    }

    @Test func `an agent's activity is use, to the minute, and the agents of a stopped workspace are off`() async throws
    {
        try await Place.open { place in
            try await place.fleet.addAgent(to: place.workspace)
            let token = AgentTokenHash(of: "token")
            try await place.fleet.sql("UPDATE workspace_agents SET auth_token_hash = \(token.bytes)")
            try await place.fleet.sql(
                "UPDATE workspaces SET last_used_at = now() - interval '1 hour', dormant_at = now()"
            )
            #expect(try await place.fleet.store.noteUse(by: AgentTokenHash(of: "other")) == nil)
            #expect(try await place.fleet.store.noteUse(by: token)?.workspaceName == "box")
            let used = try await place.fleet.store.workspace("box").workspace
            #expect(used.dormantAt == nil)
            let age: Bool = try await place.fleet.value(
                "SELECT last_used_at > now() - interval '1 minute' FROM workspaces"
            )
            #expect(age)
            _ = try await place.fleet.store.noteUse(by: token)
            #expect(try await place.fleet.store.workspace("box").workspace.lastUsedAt == used.lastUsedAt)
            _ = try await place.order(.stop)
            try await place.finish(.stop)
            #expect(try await place.fleet.store.workspace("box").agents.map(\.state.text) == ["off"])
        }
    }
}
