// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds
import Templates
import TestSupport
import Testing
import Time

@testable import Store

/// From a pushed archive to a template that can be built.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct ImportTests {
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
                    schedule: [.init(cron: "* 8-18 * * 1-5", instances: 3)],
                    autoscale: AutoscaleSettings(mode: .advise, goal: 0.9, min: 2, max: 30)
                )
            ),
            TemplatePreset(name: "eu", parameters: ["region": "eu"]),
        ]
    )

    private func push(_ version: String, hash: String, activates: Bool = true) -> TemplatePush {
        TemplatePush(
            templateName: "go-dev",
            provisioner: .process,
            versionName: version,
            archive: [1, 2, 3],
            hash: hash,
            activates: activates
        )
    }

    @Test func `what was left out of a push is the beginning of its import's log`() async throws {
        try await Fleet.open { fleet in
            var push = push("v1", hash: "aa")
            push.notes = ["Left out of the template: .git/.", "Refused: a.tfstate."]
            let (_, id) = try await fleet.store.pushTemplate(push)
            let lines = try await fleet.store.jobLogs(of: id)
            #expect(lines.map(\.output) == push.notes)
            #expect(lines.allSatisfy { $0.stage == "push" && $0.source == .worker })
        }
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
            #expect(context.file?.hash == "aa")
            #expect(context.activates)
            #expect(try await fleet.store.fileData(#require(context.file?.id)) == [1, 2, 3])
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
            #expect(preset.sizing?.template == AutoscaleSettings(mode: .advise, goal: 0.9, min: 2, max: 30))
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
            try await fleet.store.endImport(job.held, .failed(.invalid, message: "stoker.yaml: no name"))
            #expect(try await fleet.store.templates() == [])
            let summary = try await fleet.store.job(id)
            #expect(
                summary
                    == JobSummary(
                        id: id,
                        type: OpenEnum(.templateVersionImport),
                        status: OpenEnum(.failed),
                        jobClass: OpenEnum(.import),
                        provisioner: OpenEnum(.process),
                        templateName: "go-dev",
                        presetName: "",
                        workspaceName: "",
                        transition: OpenEnum(text: ""),
                        workerName: "worker",
                        tags: .usual,
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
}
