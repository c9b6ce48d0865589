// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import TestSupport
import Testing

@testable import Store

/// When a prebuild counts as one that has filled its pool again, how long that took, and when as one that failed.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct RefillTests {
    /// A pool of one whose prebuild was ordered so long ago, and the news that its store has told.
    private func withPool(
        agents: [String],
        orderedFor age: Int,
        _ body: (Fleet, WorkerID, WatchedState<[PoolChange]>) async throws -> Void
    ) async throws {
        try await Fleet.open { fleet in
            let news = WatchedState<[PoolChange]>([])
            let store = Store(pool: fleet.store.pool) { told in news.update { $0.append(told.inWholeSeconds) } }
            let fleet = Fleet(store: store, organization: fleet.organization)
            let template = try await fleet.addTemplate()
            let version = try await fleet.addVersion(of: template.id, agents: agents)
            _ = try await fleet.addPreset(of: version, desired: 1)
            try await fleet.pass(at: nil)
            try await fleet.sql(
                "UPDATE workspace_builds SET created_at = now() - make_interval(secs => \(Double(age)))"
            )
            try await body(fleet, fleet.addWorker(), news)
        }
    }

    private func hash(_ name: String) -> AgentTokenHash { AgentTokenHash(of: "token of \(name)") }

    @Test func `a prebuild without agents fills its pool when its build has succeeded, a claim's build fills nothing`()
        async throws
    {
        try await withPool(agents: [], orderedFor: 70) { fleet, worker, news in
            try await fleet.addUser("ada")
            try await fleet.complete(fleet.claimOne(for: worker), .succeeded)
            #expect(news.current == [.refilled(after: .seconds(70))])
            let claim = try await fleet.store.claim(ClaimRequest(template: "go-dev", owner: "ada", name: "mine"))
            #expect(claim.outcome == .hit)
            try await fleet.complete(fleet.claimOne(for: worker), .succeeded)
            #expect(news.current == [.refilled(after: .seconds(70))])
        }
    }

    @Test func `one that failed is told of by its pool's name; a claim or a delete that failed is not`() async throws {
        try await withPool(agents: [], orderedFor: 70) { fleet, worker, news in
            let failure = JobResult.failed(.failed, message: "no")
            try await fleet.complete(fleet.claimOne(for: worker), failure)
            let failed = [PoolChange.failed(PoolName(template: "go-dev", preset: "preset", organization: "default"))]
            #expect(news.current == failed)
            try await fleet.addUser("ada")
            let claim = try await fleet.store.claim(ClaimRequest(template: "go-dev", owner: "ada", name: "mine"))
            try await fleet.complete(fleet.claimOne(for: worker), failure)
            _ = try await fleet.store.deleteWorkspace("\(claim.workspaceID)")
            try await fleet.complete(fleet.claimOne(for: worker), failure)
            #expect(news.current == failed)
        }
    }

    @Test func `one with agents fills its pool when the last of them is ready, and only once`() async throws {
        try await withPool(agents: ["db", "main"], orderedFor: 90) { fleet, worker, news in
            let job = try await fleet.claimOne(for: worker)
            let hashes = ["db": hash("db"), "main": hash("main")]
            #expect(try await fleet.store.prepareAgents(hashes, of: job.held))
            _ = try await fleet.store.report(.ready, by: hash("db"))
            try await fleet.complete(job, .succeeded)
            _ = try await fleet.store.report(.starting, by: hash("main"))
            #expect(news.current == [])
            _ = try await fleet.store.report(.ready, by: hash("main"))
            #expect(news.current == [.refilled(after: .seconds(90))])
            for state in [AgentState.shuttingDown, .ready] { _ = try await fleet.store.report(state, by: hash("db")) }
            #expect(news.current == [.refilled(after: .seconds(90))])
        }
    }

    @Test func `agents that are ready before the build has ended fill the pool at its end`() async throws {
        try await withPool(agents: ["main"], orderedFor: 80) { fleet, worker, news in
            let job = try await fleet.claimOne(for: worker)
            #expect(try await fleet.store.prepareAgents(["main": hash("main")], of: job.held))
            _ = try await fleet.store.report(.ready, by: hash("main"))
            #expect(news.current == [])
            try await fleet.complete(job, .succeeded)
            #expect(news.current == [.refilled(after: .seconds(80))])
        }
    }

    @Test(arguments: [true, false])
    func `one that lacks an agent of its version fills nothing`(isReadyBeforeTheEnd: Bool) async throws {
        try await withPool(agents: ["db", "main"], orderedFor: 90) { fleet, worker, news in
            let job = try await fleet.claimOne(for: worker)
            #expect(try await fleet.store.prepareAgents(["main": hash("main")], of: job.held))
            if isReadyBeforeTheEnd { _ = try await fleet.store.report(.ready, by: hash("main")) }
            try await fleet.complete(job, .succeeded)
            if !isReadyBeforeTheEnd { _ = try await fleet.store.report(.ready, by: hash("main")) }
            #expect(news.current == [])
        }
    }
}

extension PoolChange {
    fileprivate var inWholeSeconds: PoolChange {
        if case .refilled(let duration) = self { .refilled(after: .seconds(duration.components.seconds)) } else { self }
    }
}
