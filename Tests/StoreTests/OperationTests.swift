// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds
import TestSupport
import Testing
import Time

@testable import Store

/// What commands do and show: users, workspaces, jobs, the overview, pauses.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct OperationTests {
    @Test func `a new user is a member of the default organization, and the name is taken from then on`() async throws {
        try await Fleet.open { fleet in
            let ada = try await fleet.store.addUser("ada", email: "ada@example.org", roles: [.templateAdmin, .member])
            #expect(
                ada
                    == User(
                        id: ada.id,
                        username: "ada",
                        email: "ada@example.org",
                        roles: ["template-admin", "member"],
                        status: "active",
                        isSystem: false
                    )
            )
            #expect(try await fleet.store.users().map(\.username) == ["ada", "prebuilds"])
            #expect(
                try await fleet.value("SELECT organization_id FROM organization_members WHERE user_id = \(ada.id)")
                    == fleet.organization
            )
            let error = await #expect(throws: StoreError.self) { _ = try await fleet.store.addUser("ADA") }
            #expect(
                error
                    == StoreError(
                        .nameTaken,
                        "The name 'ADA' is taken by another user",
                        remedy: "Choose another name."
                    )
            )
        }
    }

    @Test func `workspaces and jobs are listed with what they belong to`() async throws {
        try await Fleet.open { fleet in
            try await fleet.addUser("ada")
            let template = try await fleet.addTemplate()
            _ = try await fleet.addPreset(of: template.version, desired: 1)
            let claim = try await fleet.store.claim(ClaimRequest(template: "go-dev", owner: "ada", name: "mine"))
            try await fleet.pass(at: nil)
            let mine = try #require(try await fleet.store.workspaces(owner: "Ada").only)
            #expect(
                mine
                    == WorkspaceSummary(
                        id: claim.workspaceID,
                        name: "mine",
                        ownerName: "ada",
                        templateName: "go-dev",
                        presetName: "preset",
                        isPrebuild: false,
                        buildNumber: 1,
                        transition: OpenEnum(.start),
                        status: OpenEnum(.pending),
                        jobID: claim.jobID,
                        createdAt: mine.createdAt,
                        claimedAt: nil,
                        lastUsedAt: mine.lastUsedAt
                    )
            )
            #expect(try await fleet.store.workspaces().map(\.isPrebuild) == [true, false])
            #expect(try await fleet.store.jobs(JobSelection(status: .pending)).count == 2)
            #expect(try await fleet.store.jobs(JobSelection(status: .failed)) == [])
            #expect(try await fleet.store.jobs(limit: 1).map(\.transition.text) == ["start"])
            let error = await #expect(throws: StoreError.self) { _ = try await fleet.store.job(.random()) }
            #expect(error?.code == .notFound)
        }
    }

    @Test func `logs are read in order, from where the reader is`() async throws {
        try await Fleet.open { fleet in
            let id = try await fleet.addJob()
            let job = try await fleet.claimOne(for: fleet.addWorker())
            let lines = (1...3).map { LogLine(level: .info, stage: "apply", output: "line \($0)") }
            #expect(try await fleet.store.appendLogs(lines, of: job.held))
            #expect(
                try await fleet.store.appendLogs(
                    [LogLine(source: .worker, level: .warn, stage: "", output: "last")],
                    of: job.held
                )
            )
            let first = try await fleet.store.jobLogs(of: id, limit: 2)
            #expect(first.map(\.output) == ["line 1", "line 2"])
            let rest = try await fleet.store.jobLogs(of: id, after: #require(first.last?.id))
            #expect(rest.map(\.output) == ["line 3", "last"])
            #expect(rest.map(\.source.text) == ["provisioner", "worker"])
            #expect(rest.map(\.level.text) == ["info", "warn"])
            #expect(rest.map(\.attempt) == [1, 1])
        }
    }

    @Test func `a workspace is deleted by name, unless a build of it is under way or the name fits several`()
        async throws
    {
        try await Fleet.open { fleet in
            let ada = try await fleet.addUser("ada")
            let bob = try await fleet.addUser("bob")
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 0)
            let hers = try await fleet.addWorkspace(of: preset, owner: ada, name: "dev")
            try await fleet.addWorkspace(of: preset, owner: bob, name: "dev", .init(status: .running))
            func code(_ name: String, _ owner: String?) async -> StoreError.Code? {
                await #expect(throws: StoreError.self) {
                    _ = try await fleet.store.deleteWorkspace(name, owner: owner)
                }?.code
            }
            #expect(await code("dev", nil) == .invalid)
            #expect(await code("other", nil) == .notFound)
            #expect(await code("dev", "bob") == .conflict)
            let job = try await fleet.store.deleteWorkspace("DEV", owner: "ada")
            #expect(await code("\(hers.id)", nil) == .conflict)
            let claimed = try await fleet.claimOne(for: fleet.addWorker())
            #expect(claimed.id == job)
            #expect(claimed.maxAttempts == 8)
            let context = try await fleet.store.buildContext(of: claimed.held)
            #expect(context.build.transition == .delete)
            #expect(context.build.parameters.map(\.value) == ["value"])
            try await fleet.complete(claimed, .succeeded)
            #expect(await code("dev", "ada") == .notFound)
        }
    }

    @Test func `a prebuild that an operator deletes is not claimed`() async throws {
        try await Fleet.open { fleet in
            try await fleet.addUser("ada")
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 1)
            let prebuild = try await fleet.addWorkspace(of: preset)
            _ = try await fleet.store.deleteWorkspace("\(prebuild.id)")
            #expect(
                try await fleet.store.claim(ClaimRequest(template: "go-dev", owner: "ada", name: "mine")).outcome
                    == .missEmpty
            )
        }
    }

    @Test func `the overview counts jobs, workers and deliveries`() async throws {
        try await Fleet.open { fleet in
            try await fleet.addJob(.pool, dueFor: .seconds(90))
            try await fleet.addJob(.pool)
            try await fleet.addJob(.interactive)
            let worker = try await fleet.addWorker()
            _ = try await fleet.claimOne(for: worker)
            let overview = try await fleet.store.overview()
            #expect(
                overview.jobs == [
                    Overview.JobCount(status: OpenEnum(.pending), jobClass: OpenEnum(.pool), count: 2),
                    Overview.JobCount(status: OpenEnum(.running), jobClass: OpenEnum(.interactive), count: 1),
                ]
            )
            #expect(overview.oldestPendingSeconds >= 90)
            #expect(overview.workers.map(\.id) == [worker])
            #expect(overview.workers.map(\.running) == [1])
            #expect(overview.deliveries == Overview.DeliveryCounts(backlog: 0, dead: 0, oldestPendingSeconds: 0))
            #expect(try await fleet.store.workers().map(\.state.text) == ["active"])
            #expect(try await fleet.value("SELECT stoker_scaling_signal()") == 3)
        }
    }

    @Test(arguments: [FleetPause.Kind.reconciliation, .maintenance])
    func `an operator holds the fleet and lets it go`(scope: FleetPause.Kind) async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            _ = try await fleet.addPreset(of: template.version, desired: 1)
            let until = Fleet.now + .seconds(60)
            try await fleet.store.pause(scope, until: until, reason: "upgrade", by: "ann")
            #expect(
                try await fleet.pass().plan.pause
                    == FleetPause(
                        kind: scope == .maintenance ? .maintenance : .reconciliation,
                        until: until,
                        reason: "upgrade",
                        orderedBy: "ann"
                    )
            )
            #expect(try await fleet.pass(at: until).plan.pause == nil)
            try await fleet.store.pause(scope)
            #expect(try await fleet.pass(at: until).plan.pause?.until == nil)
            #expect(try await fleet.pass(at: until).plan.pause != nil)
            try await fleet.store.resume(scope)
            #expect(try await fleet.pass(at: until).plan.pause == nil)
        }
    }

    @Test func `an endpoint of the configuration changes with it, one made by command does not`() async throws {
        try await Fleet.open { fleet in
            var endpoint = Endpoint(
                name: "ops",
                url: "https://one.example",
                secret: [1],
                headers: ["X-Team": "a", "Accept": "b"],
                source: .configuration
            )
            try await fleet.store.configureEndpoint(endpoint)
            #expect(try await fleet.store.endpoints() == [endpoint])
            var changed = endpoint
            changed.id = .random()
            changed.url = "https://two.example"
            try await fleet.store.configureEndpoint(changed)
            endpoint.url = changed.url
            #expect(try await fleet.store.endpoints(named: "ops") == [endpoint])
            let error = await #expect(throws: StoreError.self) {
                try await fleet.store.addEndpoint(Endpoint(name: "ops", url: "https://three.example"))
            }
            #expect(error?.code == .nameTaken)
            let command = Endpoint(name: "mine", url: "https://mine.example", signingKey: [9])
            try await fleet.store.addEndpoint(command)
            let taken = await #expect(throws: StoreError.self) {
                try await fleet.store.configureEndpoint(
                    Endpoint(name: "mine", url: "https://other.example", source: .configuration)
                )
            }
            #expect(taken?.code == .nameTaken)
            #expect(try await fleet.store.endpoints(named: "mine") == [command])
            try await fleet.store.retireConfiguredEndpoint()
            #expect(try await fleet.store.endpoints().map(\.isEnabled) == [true, false])
            #expect(
                try await fleet.store.endpoints(named: "ops").map(\.health.disabledReason) == ["its setting is gone"]
            )
            changed.secret = [2]
            try await fleet.store.configureEndpoint(changed, replacing: [1])
            // Another worker with the same news finds the new secret already there.
            changed.secret = [3]
            try await fleet.store.configureEndpoint(changed, replacing: [1])
            let configured = try #require(try await fleet.store.endpoints(named: "ops").only)
            #expect(configured.isEnabled)
            #expect(configured.secret == [3])
            #expect(configured.previousSecret == [1])
        }
    }
}
