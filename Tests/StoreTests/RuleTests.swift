// SPDX-License-Identifier: Apache-2.0

import Domain
import Operations
import PostgresClient
import Prebuilds
import Templates
import TestSupport
import Testing
import Time

@testable import Store

/// Rules that statements and the program must both know, held equal over tables of cases.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct RuleTests {
    /// A pool's only prebuild, and whether it can be claimed.
    enum Prebuild: String, CaseIterable {
        case ready, young, createdSince, allAgents, agentsOfBefore, moreAgents
        case old, createdBefore, noAgent, oneAgentOfTwo, agentStarting, pending, failed, canceled, stopped, oldVersion

        var isClaimable: Bool {
            switch self {
            case .ready, .young, .createdSince, .allAgents, .agentsOfBefore, .moreAgents: true
            default: false
            }
        }

        var agents: (declared: [String], states: [String]) {
            switch self {
            case .allAgents: (["a", "b"], ["ready", "ready"])
            case .agentsOfBefore: (["a"], ["deleted", "ready"])
            case .moreAgents: (["a"], ["ready", "ready"])
            case .noAgent: (["a"], [])
            case .oneAgentOfTwo: (["a", "b"], ["ready"])
            case .agentStarting: (["a"], ["ready", "starting"])
            default: ([], [])
            }
        }

        var build: Fleet.Build {
            switch self {
            case .pending: .init(status: .pending)
            case .failed: .init(status: .failed)
            case .canceled: .init(status: .canceled)
            case .stopped: .init(transition: .stop)
            default: .init()
            }
        }
    }

    @Test(arguments: Prebuild.allCases)
    func `a plan counts as eligible what a claim is given`(prebuild: Prebuild) async throws {
        try await Fleet.open { fleet in
            try await fleet.addUser("ada")
            let template = try await fleet.addTemplate()
            let version = try await fleet.addVersion(of: template.id, agents: prebuild.agents.declared)
            let preset = try await fleet.addPreset(of: version, desired: 1)
            let now = try await fleet.store.now()
            let workspace = try await fleet.addWorkspace(of: preset, createdAt: now - .seconds(3_600), prebuild.build)
            for state in prebuild.agents.states {
                try await fleet.addAgent(to: workspace, state: state == "deleted" ? "off" : state)
                if state == "deleted" { try await fleet.sql("UPDATE workspace_agents SET deleted = true") }
            }
            let ttl: Int? = prebuild == .old ? 3_599 : prebuild == .young ? 3_700 : nil
            let invalidated: Instant? =
                switch prebuild {
                case .createdSince: now - .seconds(3_601)
                case .createdBefore: now - .seconds(3_599)
                default: nil
                }
            try await fleet.sql(
                "UPDATE template_version_presets SET invalidate_after_secs = \(ttl), last_invalidated_at = \(invalidated)"
            )
            if prebuild == .oldVersion {
                _ = try await fleet.addPreset(of: fleet.addVersion(of: template.id), desired: 1)
            }
            let plan = try await Reconciliation(store: fleet.store, limits: .none, zones: ZoneDirectory()).plan()
            let claim = try await fleet.store.claim(ClaimRequest(template: "go-dev", owner: "ada", name: "mine"))
            #expect(plan.presets.map(\.state.eligible).reduce(0, +) == (prebuild.isClaimable ? 1 : 0))
            #expect((claim.outcome == .hit) == prebuild.isClaimable)
        }
    }

    /// Seconds of the time to live, age in microseconds, and how many microseconds ago the pool was invalidated.
    @Test(
        arguments: [
            (nil, 3_600_000_000, nil, false), (0, 3_600_000_000, nil, false), (-1, 3_600_000_000, nil, false),
            (60, 59_999_999, nil, false), (60, 60_000_000, nil, false), (60, 60_000_001, nil, true),
            (nil, 5, 6, false), (nil, 5, 5, false), (nil, 6, 5, true), (60, 5, 6, false), (60, 6, 5, true),
            (60, 60_000_001, 60_000_002, true),
        ] as [(Int?, Int64, Int64?, Bool)]
    )
    func `a prebuild expires by the same rule everywhere`(ttl: Int?, age: Int64, invalidated: Int64?, expires: Bool)
        async throws
    {
        try await Fleet.open { fleet in
            let created = Fleet.now - .microseconds(age)
            let before = invalidated.map { Fleet.now - .microseconds($0) }
            let inSQL: Bool = try await fleet.value(
                """
                SELECT coalesce(w.created_at < \(sql: .expiry(at: "\(Fleet.now)")), false)
                FROM (SELECT \(created) AS created_at) w,
                    (SELECT \(ttl) AS invalidate_after_secs, \(before) AS last_invalidated_at, NULL AS max_unavailable) p
                """
            )
            #expect(inSQL == expires)
            var preset = PresetSnapshot(pool: .some, isActive: true, desiredInstances: 1, ttlSeconds: ttl ?? 0)
            preset.lastInvalidatedAt = before
            preset.running = [
                PrebuildSnapshot(workspaceID: .random(), buildID: .random(), createdAt: created, isEligible: true)
            ]
            let plan = Plan(snapshot: Snapshot(presets: [preset]), now: Fleet.now, limits: .none)
            #expect(plan.presets.map(\.state.expired) == [expires ? 1 : 0])
        }
    }

    @Test(arguments: Prebuild.allCases)
    func `the view's function and statements agree on agents`(prebuild: Prebuild) async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let version = try await fleet.addVersion(of: template.id, agents: prebuild.agents.declared)
            let workspace = try await fleet.addWorkspace(of: fleet.addPreset(of: version, desired: 1))
            for state in prebuild.agents.states {
                try await fleet.addAgent(to: workspace, state: state == "deleted" ? "off" : state)
                if state == "deleted" { try await fleet.sql("UPDATE workspace_agents SET deleted = true") }
            }
            let job = workspace.jobs[0]
            let isReady = ![Prebuild.noAgent, .oneAgentOfTwo, .agentStarting].contains(prebuild)
            let declared: SQL = .declaredAgents(of: "\(version)")
            #expect(try await fleet.value("SELECT stoker_agents_ready(\(job), \(version))") == isReady)
            #expect(try await fleet.value(.agentsReady(ofJob: "\(job)", declared: declared)) == isReady)
        }
    }

    @Test(arguments: [
        (#"{"active": true}"#, true), (#"{"active": "on"}"#, true), (#"{"active": 1}"#, true),
        (#"{"active": false}"#, false), (#"{"active": "perhaps"}"#, false), (#"{}"#, false),
        (#"{"active": true, "until": null}"#, true), (#"{"active": true, "until": "some day"}"#, true),
        (#"{"active": true, "until": "infinity"}"#, true),
        (#"{"active": true, "until": "2025-06-02T11:59:59Z"}"#, false),
        (#"{"active": true, "until": "2025-06-02T12:00:00Z"}"#, false),
        (#"{"active": true, "until": "2025-06-02T12:00:00.000001Z"}"#, true),
    ])
    func `a maintenance lasts as long in statements as in a plan`(value: String, holds: Bool) async throws {
        try await Fleet.open { fleet in
            try await fleet.sql("INSERT INTO settings (key, value) VALUES ('maintenance', \(PostgresJSON(value)))")
            let inForce = FleetPause.Kind.maintenance.isInForce(at: "\(Fleet.now)")
            #expect(try await fleet.value("SELECT coalesce(\(sql: inForce), false) FROM settings s") == holds)
            #expect(
                try await fleet.store.snapshot(at: Fleet.now, limits: .none).snapshot.pause.map(\.kind)
                    == (holds ? .maintenance : nil)
            )
            let end: Instant? = try await fleet.value("SELECT \(sql: FleetPause.end) FROM settings s")
            if value.contains("true") {
                #expect(FleetPause(kind: .maintenance, until: end).holds(at: Fleet.now) == holds)
            }
        }
    }

    @Test(arguments: [(nil, false), (-1, false), (0, false), (1, true), (3_600_000_000, true)] as [(Int64?, Bool)])
    func `a template is paused as long in statements as in a plan`(rest: Int64?, isPaused: Bool) async throws {
        try await Fleet.open { fleet in
            let until = rest.map { Fleet.now + .microseconds($0) }
            let inSQL: Bool = try await fleet.value(
                "SELECT \(sql: .isPaused(at: "\(Fleet.now)")) FROM (SELECT \(until) AS prebuilds_paused_until) t"
            )
            #expect(inSQL == isPaused)
            let preset = PresetSnapshot(pool: .some, isActive: true, desiredInstances: 1, pausedUntil: until)
            let plan = Plan(snapshot: Snapshot(presets: [preset]), now: Fleet.now, limits: .none)
            #expect(plan.presets.map(\.isPaused) == [isPaused])
        }
    }

    @Test func `jobs without tags ask for what the schema gives, and only untagged workers have that`() async throws {
        try await Fleet.open { fleet in
            let tags = PostgresJSON(defaultTags)
            let isDefault: Bool = try await fleet.value(
                """
                SELECT column_default = format('%L::jsonb', \(tags)::text) FROM information_schema.columns
                WHERE table_name = 'provisioner_jobs' AND column_name = 'tags'
                """
            )
            #expect(isDefault)
            #expect(try await fleet.value("SELECT \(sql: .defaultJobTags) = \(tags)") == true)
            #expect(try await fleet.value("SELECT stoker_tags_match(\(tags), \(tags))") == true)
            #expect(
                try await fleet.value(#"SELECT stoker_tags_match(\#(tags), \#(tags) || '{"zone": "eu"}')"#) == false
            )
        }
    }

    @Test func `the system user is the one that the schema makes`() async throws {
        try await Fleet.open { fleet in
            let users: [UserID] = try await fleet.column(
                "SELECT id FROM users WHERE is_system AND id = \(sql: .prebuildsUser)"
            )
            #expect(users == [prebuildsUserID])
        }
    }

    /// Names of presets, the default one among them, and the one that is asked for.
    @Test(
        arguments: [
            (["a"], nil, nil, "a"), (["a", "b"], nil, nil, nil), (["a", "b"], "b", nil, "b"),
            (["a", "b"], "b", "a", "a"),
            (["a"], nil, "b", nil),
        ] as [([String], String?, String?, String?)]
    )
    func `whoever waits for a refill is told of the preset that a claim takes`(
        presets: [String],
        isDefault: String?,
        wanted: String?,
        chosen: String?
    ) async throws {
        try await Fleet.open { fleet in
            try await fleet.addUser("ada")
            let template = try await fleet.addTemplate()
            for preset in presets { _ = try await fleet.addPreset(preset, of: template.version, desired: 1) }
            try await fleet.sql("UPDATE template_version_presets SET is_default = true WHERE name = \(isDefault)")
            let facts = try? await fleet.store.refillFacts(ofTemplate: "go-dev", preset: wanted)
            let claim = try? await fleet.store.claim(
                ClaimRequest(template: "go-dev", preset: wanted, owner: "ada", name: "mine")
            )
            #expect(facts?.presetName == chosen)
            #expect(claim?.presetName == chosen)
        }
    }
}

extension Pool {
    fileprivate static var some: Self {
        Pool(
            presetID: .random(),
            presetName: "preset",
            templateVersionID: .random(),
            templateName: "go-dev",
            organizationID: .random(),
            organizationName: "default"
        )
    }
}
