// SPDX-License-Identifier: Apache-2.0

import PostgresClient
import Prebuilds
@testable import Store
import Templates
import TestSupport
import Testing

/// What commands do and show: users, templates, imports, workspaces, jobs, the overview, pauses.
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

    private static let manifest = TemplateManifest(
        name: "go-dev",
        displayName: "Go",
        description: "A place to write Go",
        provisioner: .process,
        parameters: [
            TemplateParameter(name: "region", options: ["us", "eu"]),
            TemplateParameter(name: "size", mutable: true, defaultValue: "small", required: false, displayOrder: 1),
        ],
        agents: ["main"],
        presets: [
            TemplatePreset(
                name: "us",
                isDefault: true,
                parameters: ["region": "us"],
                prebuilds: PrebuildSettings(
                    instances: 1,
                    ttlSeconds: 3_600,
                    timezone: "Europe/Berlin",
                    schedule: [.init(cron: "* 8-18 * * 1-5", instances: 3)]
                )
            ),
            TemplatePreset(name: "eu", parameters: ["region": "eu"]),
        ]
    )

    private func push(_ version: String, hash: String, activates: Bool = true) -> TemplatePush {
        TemplatePush(
            templateName: "go-dev",
            provisioner: "process",
            versionName: version,
            archive: [1, 2, 3],
            hash: hash,
            activates: activates
        )
    }

    @Test func `a push is imported into a template with presets, parameters and schedules`() async throws {
        try await Fleet.open { fleet in
            let (version, id) = try await fleet.store.pushTemplate(push("v1", hash: "aa"))
            #expect(try await fleet.store.templates() == [])
            let job = try await fleet.claimOne(for: fleet.addWorker())
            #expect(job.id == id)
            #expect(job.type == .templateVersionImport)
            #expect(job.jobClass == .import)
            let context = try await fleet.store.importContext(of: job.held)
            #expect(context.versionID == version)
            #expect(context.templateName == "go-dev")
            #expect(context.fileHash == "aa")
            #expect(context.activates)
            #expect(try await fleet.store.fileData(#require(context.fileID)) == [1, 2, 3])
            try await fleet.store.completeImport(job.held, Self.manifest, context)
            #expect(try await fleet.status(of: id) == .succeeded)

            let template = try #require(try await fleet.store.templates().only)
            #expect(
                template
                    == TemplateSummary(
                        id: template.id,
                        name: "go-dev",
                        organizationName: "default",
                        provisioner: "process",
                        activeVersion: "v1",
                        presets: 2,
                        deprecated: "",
                        createdAt: template.createdAt
                    )
            )
            // Tuesday, 10:00 in Berlin.
            let (_, snapshot) = try await fleet.store.snapshot(
                at: Instant(iso8601: "2025-06-03T08:00:00Z"),
                limits: .none
            )
            let preset = try #require(snapshot.presets.only)
            #expect(preset.pool.presetName == "us")
            #expect(preset.isActive)
            #expect(preset.versionReadiness == .ready)
            #expect(preset.desiredInstances == 1)
            #expect(preset.ttlSeconds == 3_600)
            #expect(preset.timeZone == "Europe/Berlin")
            #expect(preset.schedules == [ScheduleRow(cronExpression: "* 8-18 * * 1-5", desiredInstances: 3)])
            #expect(preset.values == ["region": "us"])
            #expect(preset.parameters.map(\.name) == ["region", "size"])
            #expect(preset.parameters.map(\.options) == [["us", "eu"], []])
            #expect(preset.parameters.map(\.isRequired) == [true, false])
        }
    }

    @Test func `a second version is promoted when the push says so, and stored once`() async throws {
        try await Fleet.open { fleet in
            let worker = try await fleet.addWorker()
            for (version, activates) in [("v1", true), ("v2", false), ("v3", true)] {
                _ = try await fleet.store.pushTemplate(push(version, hash: "aa", activates: activates))
                let job = try await fleet.claimOne(for: worker)
                let context = try await fleet.store.importContext(of: job.held)
                try await fleet.store.completeImport(job.held, Self.manifest, context)
                let active = try await fleet.store.templates().map(\.activeVersion)
                #expect(active == [activates ? version : "v1"])
            }
            #expect(try await fleet.count(of: "files") == 1)
            #expect(try await fleet.count(of: "templates") == 1)
        }
    }

    @Test func `an import that fails leaves no template`() async throws {
        try await Fleet.open { fleet in
            let (_, id) = try await fleet.store.pushTemplate(push("v1", hash: "aa"))
            let job = try await fleet.claimOne(for: fleet.addWorker())
            try await fleet.store.endImport(job.held, .failed(code: "INVALID", message: "stoker.yaml: no name"))
            #expect(try await fleet.store.templates() == [])
            let summary = try await fleet.store.job(id)
            #expect(
                summary
                    == JobSummary(
                        id: id,
                        type: .templateVersionImport,
                        status: "failed",
                        jobClass: "import",
                        provisioner: "process",
                        templateName: "go-dev",
                        workspaceName: "",
                        transition: "",
                        workerName: "worker",
                        attempt: 1,
                        error: "stoker.yaml: no name",
                        errorCode: "INVALID",
                        createdAt: summary.createdAt,
                        startedAt: summary.startedAt,
                        completedAt: summary.completedAt
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
                        transition: "start",
                        status: "pending",
                        jobID: claim.jobID,
                        createdAt: mine.createdAt,
                        claimedAt: nil
                    )
            )
            #expect(try await fleet.store.workspaces().map(\.isPrebuild) == [true, false])
            #expect(try await fleet.store.jobs(status: "pending").count == 2)
            #expect(try await fleet.store.jobs(status: "failed") == [])
            #expect(try await fleet.store.jobs(limit: 1).map(\.transition) == ["start"])
            let error = await #expect(throws: StoreError.self) { _ = try await fleet.store.job(.random()) }
            #expect(error?.code == .notFound)
        }
    }

    @Test func `logs are read in order, from where the reader is`() async throws {
        try await Fleet.open { fleet in
            let id = try await fleet.addJob()
            let job = try await fleet.claimOne(for: fleet.addWorker())
            let lines = (1...3).map { JobLogLine(level: "info", stage: "apply", output: "line \($0)") }
            #expect(try await fleet.store.appendLogs(lines, of: job.held))
            #expect(try await fleet.store.appendLogs([JobLogLine(source: "worker", level: "warn", stage: "", output: "last")], of: job.held))
            let first = try await fleet.store.jobLogs(of: id, limit: 2)
            #expect(first.map(\.output) == ["line 1", "line 2"])
            let rest = try await fleet.store.jobLogs(of: id, after: #require(first.last?.id))
            #expect(rest.map(\.output) == ["line 3", "last"])
            #expect(rest.map(\.source) == ["provisioner", "worker"])
            #expect(rest.map(\.level) == ["info", "warn"])
            #expect(rest.map(\.attempt) == [1, 1])
        }
    }

    @Test func `a workspace is deleted by name, unless a build of it is under way or the name fits several`() async throws {
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
            #expect(context.transition == .delete)
            #expect(context.parameters.map(\.value) == ["value"])
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
                    Overview.JobCount(status: "pending", jobClass: "pool", count: 2),
                    Overview.JobCount(status: "running", jobClass: "interactive", count: 1),
                ]
            )
            #expect(overview.oldestPendingSeconds >= 90)
            #expect(overview.workers.map(\.id) == [worker])
            #expect(overview.workers.map(\.running) == [1])
            #expect(overview.deliveries == Overview.DeliveryCounts(backlog: 0, dead: 0, oldestPendingSeconds: 0))
            #expect(try await fleet.store.workers().map(\.state) == ["active"])
            #expect(try await fleet.value("SELECT stoker_scaling_signal()") == 3)
        }
    }

    @Test(arguments: [PauseScope.prebuilds, .maintenance])
    func `an operator holds the fleet and lets it go`(scope: PauseScope) async throws {
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
                source: "configuration"
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
            try await fleet.store.configureEndpoint(Endpoint(name: "mine", url: "https://other.example", source: "configuration"))
            #expect(try await fleet.store.endpoints(named: "mine") == [command])
        }
    }
}
