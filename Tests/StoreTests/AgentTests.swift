// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds
import TestSupport
import Testing

@testable import Store

/// Agents from the build that makes them known to the claim that they are told of.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct AgentTests {
    /// A pool of one, whose version declares agents.
    private struct House {
        let fleet: Fleet
        let worker: WorkerID
        let preset: PresetID
        let names: [String]

        static func open(agents: [String] = ["main"], _ body: (House) async throws -> Void) async throws {
            try await Fleet.open { fleet in
                try await fleet.addUser("ada")
                let template = try await fleet.addTemplate()
                let version = try await fleet.addVersion(of: template.id, agents: agents)
                let preset = try await fleet.addPreset(of: version, desired: 1)
                let worker = try await fleet.addWorker()
                try await fleet.pass(at: nil)
                try await body(House(fleet: fleet, worker: worker, preset: preset, names: agents))
            }
        }

        static func hash(_ name: String) -> AgentTokenHash { AgentTokenHash(of: "token of \(name)") }

        var hashes: [String: AgentTokenHash] {
            Dictionary(uniqueKeysWithValues: names.map { ($0, Self.hash($0)) })
        }

        /// The next job, as a worker begins it.
        func begin() async throws -> ClaimedJob {
            let job = try await fleet.claimOne(for: worker)
            #expect(try await fleet.store.prepareAgents(hashes, of: job.held))
            return job
        }

        func build() async throws { try await fleet.complete(try await begin(), .succeeded) }

        func claim(_ name: String = "mine") async throws -> ClaimResult {
            try await fleet.store.claim(ClaimRequest(template: "go-dev", owner: "ada", name: name))
        }

        func eligible() async throws -> Int {
            let plan = try await fleet.pass(at: nil).plan
            let view: Int = try await fleet.value("SELECT count(*) FROM workspace_prebuilds WHERE eligible")
            let planned = plan.presets.map(\.state.eligible).reduce(0, +)
            #expect(view == planned)
            return planned
        }

        func states() async throws -> [String] {
            try await fleet.column(
                """
                SELECT b.build_number || ' ' || a.name || ' ' || a.lifecycle_state FROM workspace_agents a
                JOIN workspace_resources r ON r.id = a.resource_id JOIN workspace_builds b ON b.job_id = r.job_id
                WHERE NOT a.deleted ORDER BY b.build_number, a.name
                """
            )
        }
    }

    @Test func `a prebuild can be claimed when all its agents are ready`() async throws {
        try await House.open(agents: ["db", "main"]) { house in
            let store = house.fleet.store
            let told = try await house.fleet.listen(to: Channel.ready)
            let job = try await house.begin()
            // An agent may be up before the build has ended.
            let early = try #require(try await store.report(.ready, by: House.hash("db")))
            #expect(early.name == "db")
            #expect(early.state == .ready)
            #expect(early.ownerName == "prebuilds")
            try await house.fleet.complete(job, .succeeded)
            #expect(try await house.eligible() == 0)
            #expect(try await house.claim("early").outcome == .missEmpty)
            #expect(
                try await store.prebuilds().map(\.waitingFor) == [["main created"]]
            )
            _ = try await store.report(.starting, by: House.hash("main"))
            #expect(try await house.eligible() == 0)
            _ = try await store.report(.ready, by: House.hash("main"))
            #expect(try await house.eligible() == 1)
            for _ in 0..<4 { #expect(try await told.next("news of the pool") == "\(house.preset)") }
            _ = try await store.report(.shuttingDown, by: House.hash("db"))
            #expect(try await house.eligible() == 0)
            _ = try await store.report(.ready, by: House.hash("db"))
            #expect(try await house.claim().outcome == .hit)
        }
    }

    @Test func `a token that nobody has, and one of a workspace that is gone, are no agent's`() async throws {
        try await House.open { house in
            let store = house.fleet.store
            #expect(try await store.agent(House.hash("other")) == nil)
            #expect(try await store.report(.ready, by: House.hash("other")) == nil)
            try await house.build()
            let id = try #require(try await store.agent(House.hash("main"))).workspaceID
            _ = try await store.deleteWorkspace("\(id)")
            #expect(try await store.agent(House.hash("main")) != nil)
            let worker = house.worker
            try await house.fleet.complete(try await house.fleet.claimOne(for: worker), .succeeded)
            #expect(try await store.agent(House.hash("main")) == nil)
            #expect(try await store.report(.ready, by: House.hash("main")) == nil)
            #expect(try await house.states() == [])
        }
    }

    @Test func `another attempt, and a claim, find the agents as they are; another start begins anew`() async throws {
        try await House.open { house in
            let store = house.fleet.store
            let first = try await house.begin()
            _ = try await store.report(.ready, by: House.hash("main"))
            try await store.requeue(first.held, refundAttempt: true)
            // The execution that has lost the job changes nothing.
            #expect(try await store.prepareAgents(["main": AgentTokenHash(of: "stale")], of: first.held) == false)
            try await house.build()
            #expect(try await house.states() == ["1 main ready"])
            let claim = try await house.claim()
            try await house.build()
            #expect(try await house.states() == ["1 main ready", "2 main ready"])
            let details = try await store.workspace("mine")
            #expect(details.agents.map(\.state.text) == ["ready"])
            try await house.fleet.addBuild(
                .init(transition: .start, status: .pending),
                to: claim.workspaceID,
                of: house.preset
            )
            try await house.build()
            #expect(try await house.states() == ["3 main created"])
        }
    }

    @Test func `a build that finds its agents ready says so`() async throws {
        try await House.open(agents: ["a", "b"]) { house in
            let job = try await house.begin()
            try await house.fleet.store.completeBuild(
                job.held,
                BuildCompletion(result: .succeeded, .init(agents: ["a", "b", "c"]))
            )
            #expect(try await house.eligible() == 1)
        }
    }

    @Test func `an agent is told of a claim once, when its build has succeeded`() async throws {
        try await House.open { house in
            let store = house.fleet.store
            let token = House.hash("main")
            func pending() async throws -> Reinit? { try await store.pendingReinits(of: [token])[token] }
            let told = try await house.fleet.listen(to: Channel.claimed)
            try await house.build()
            _ = try await store.report(.ready, by: token)
            #expect(try await pending() == nil)
            let claim = try await house.claim()
            let job = try await house.begin()
            #expect(try await pending() == nil)
            try await house.fleet.complete(job, .succeeded)
            #expect(try await told.next("the claim to be told") == "\(claim.workspaceID)")
            let reinit = try #require(try await pending())
            #expect(
                reinit
                    == Reinit(
                        buildID: claim.buildID,
                        buildNumber: 2,
                        workspaceID: claim.workspaceID,
                        workspaceName: "mine",
                        ownerID: reinit.ownerID,
                        ownerName: "ada"
                    )
            )
            // Of ten connections with its token one tells it.
            let takers = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<10 { group.addTask { try await store.takeReinit(reinit, for: token) } }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(takers == 1)
            #expect(try await pending() == nil)
            // Sent is not heard: whoever connects anew is told again.
            #expect(try await store.missedReinit(of: token, heard: nil) == reinit)
            #expect(try await store.takeReinit(reinit, for: token, again: true))
            try await store.returnReinit(reinit, for: token)
            #expect(try await pending() == reinit)
            #expect(try await store.takeReinit(reinit, for: token))
            // What an agent says that it has heard counts more than what was sent.
            #expect(try await store.missedReinit(of: token, heard: "0") == reinit)
            #expect(try await store.missedReinit(of: token, heard: "\(claim.buildID)") == nil)
            // That was an acknowledgment: it needs not be said again.
            #expect(try await store.missedReinit(of: token, heard: nil) == nil)
            #expect(try await store.takeReinit(reinit, for: token) == false)
            // Whoever starts after the claim has nothing to be told of it.
            try await house.fleet.addBuild(
                .init(transition: .start, status: .pending),
                to: claim.workspaceID,
                of: house.preset
            )
            try await house.build()
            #expect(try await pending() == nil)
            #expect(try await store.missedReinit(of: token, heard: "0") == nil)
        }
    }

    @Test func `a claim whose build fails is told to nobody`() async throws {
        try await House.open { house in
            let token = House.hash("main")
            try await house.build()
            _ = try await house.fleet.store.report(.ready, by: token)
            _ = try await house.claim()
            try await house.fleet.complete(try await house.begin(), .failed(.failed, message: "no"))
            #expect(try await house.fleet.store.pendingReinits(of: [token]) == [:])
        }
    }

    @Test func `a deployment keeps one secret, whoever comes first`() async throws {
        try await Fleet.open(sessions: 8) { fleet in
            let seen = try await withThrowingTaskGroup(of: [UInt8].self) { group in
                for number in UInt8(0)..<8 {
                    group.addTask { try await fleet.store.secret("s", orKeep: [number]) }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(seen.count == 1)
            #expect(try await fleet.store.secret("other", orKeep: [9]) == [9])
        }
    }
}
