// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds
import Store
import TestSupport
import Testing
import Webhooks

/// A row that cannot be read, from another release or by an operator's hand, takes out itself and nothing else.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct UnreadableRowTests {
    /// A change that makes the pool of the template `bad` unreadable, and what is said of it.
    struct Fault: CustomTestStringConvertible {
        let name: String
        let change: String
        let told: String

        var testDescription: String { name }
    }

    static let faults = [
        Fault(
            name: "a template in use without an active version",
            change: "UPDATE templates SET active_version_id = NULL WHERE name = 'bad'",
            told: "column 'active'"
        ),
        Fault(
            name: "a status of another release",
            change: """
                UPDATE template_version_presets SET prebuild_status = 'quarantined' WHERE name = 'bad'
                """,
            told: "quarantined"
        ),
        Fault(
            name: "options that are no list",
            change: "UPDATE template_version_parameters p SET options = '{}' \(ofBad)",
            told: "The parameter 'test' of its version cannot be read"
        ),
        Fault(
            name: "a validation without a number",
            change: #"UPDATE template_version_parameters p SET validation = '{"min": "low"}' \#(ofBad)"#,
            told: "The parameter 'test' of its version cannot be read"
        ),
    ]

    private static let ofBad = """
        FROM templates t WHERE t.name = 'bad' AND p.template_version_id = t.active_version_id
        """

    @Test(arguments: faults)
    func `a pool that cannot be read is told by name, and the others are filled`(fault: Fault) async throws {
        try await Fleet.open { fleet in
            let bad = try await fleet.addTemplate("bad")
            let poor = try await fleet.addPreset("bad", of: bad.version, desired: 2)
            let prebuild = try await fleet.addWorkspace(of: poor)
            let good = try await fleet.addTemplate("good")
            let preset = try await fleet.addPreset("good", of: good.version, desired: 3)
            try await fleet.sql("ALTER TYPE prebuild_status ADD VALUE IF NOT EXISTS 'quarantined'")
            try await fleet.sql(.init(trusted: fault.change))
            let (plan, applied) = try await fleet.pass()
            #expect(applied.created == [preset: 3])
            #expect(plan.presets.map(\.pool.presetID) == [preset])
            let unreadable = try #require(plan.unreadable.first)
            #expect(plan.unreadable.count == 1)
            #expect(unreadable.presetID == poor)
            #expect([unreadable.templateName, unreadable.presetName] == ["bad", "bad"])
            #expect(unreadable.message.contains(fault.told))
            // What it owns is left alone.
            #expect(try await fleet.workspaces().first == .init(id: prebuild.id, builds: ["start succeeded"]))
            // Lists and status go on.
            #expect(try await fleet.store.presets().map(\.name).contains("good"))
            #expect(try await fleet.store.prebuilds().count == 4)
        }
    }

    @Test func `a template that was deleted without an active version is emptied`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 1)
            let prebuild = try await fleet.addWorkspace(of: preset)
            try await fleet.sql("UPDATE templates SET active_version_id = NULL, deleted = true")
            let (plan, applied) = try await fleet.pass()
            #expect(plan.unreadable == [])
            #expect(applied.deleted == [prebuild.id])
        }
    }

    @Test(arguments: [
        "DELETE FROM template_version_presets", "DELETE FROM provisioner_jobs", "DELETE FROM workspace_builds",
        "UPDATE workspace_builds SET template_version_preset_id = NULL", "DELETE FROM template_versions",
        "DELETE FROM templates",
    ])
    func `prebuilds that belong to no pool are counted and named`(loss: String) async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 2)
            try await fleet.addWorkspace(of: preset, name: "one")
            try await fleet.addWorkspace(of: preset, name: "two")
            try await fleet.sql(.init(trusted: loss))
            let plan = try await fleet.pass().plan
            #expect(plan.orphans == OrphanedPrebuilds(count: 2, names: ["one", "two"]))
            #expect(plan.orphans?.message.contains("stoker workspaces delete NAME --force") == true)
            #expect(plan.unreadable == [])
            // Whoever looks for them finds them.
            #expect(Set(try await fleet.store.prebuilds().map(\.name)).isSuperset(of: ["one", "two"]))
            #expect(Set(try await fleet.store.workspaces().map(\.name)).isSuperset(of: ["one", "two"]))
        }
    }

    @Test(arguments: [
        #"('maintenance', '{"active": {}, "until": "soon"}')"#, #"('prebuilds', '[]')"#,
        #"('prebuilds', '{"reconciliation_paused": false, "until": "soon"}')"#,
    ])
    func `a setting that cannot be read stops neither passes nor claims`(setting: String) async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 1)
            try await fleet.sql("INSERT INTO settings (key, value) VALUES \(sql: .init(trusted: setting))")
            #expect(try await fleet.pass().applied.created == [preset: 1])
            let worker = try await fleet.addWorker()
            #expect(try await fleet.store.claimJobs(for: worker, limit: 1, poolLimit: 1).count == 1)
        }
    }

    @Test func `a pause whose end cannot be read lasts until it is ended`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            _ = try await fleet.addPreset(of: template.version, desired: 1)
            try await fleet.sql(
                #"INSERT INTO settings (key, value) VALUES ('maintenance', '{"active": true, "until": "soon"}')"#
            )
            let plan = try await fleet.pass().plan
            #expect(plan.pause?.kind == .maintenance)
            #expect(plan.pause?.until == nil)
            try await fleet.store.resume(.maintenance)
            #expect(try await fleet.pass().applied.createdTotal == 1)
        }
    }

    @Test func `a job of another release, or without attempts that can be counted, is nobody else's trouble`()
        async throws
    {
        try await Fleet.open { fleet in
            try await fleet.sql("ALTER TYPE provisioner_job_type ADD VALUE 'dream'")
            let strange = try await fleet.addJob(.interactive, dueFor: .seconds(60))
            try await fleet.sql("UPDATE provisioner_jobs SET type = 'dream'")
            let worn = try await fleet.addJob(.interactive, dueFor: .seconds(50))
            try await fleet.sql("UPDATE provisioner_jobs SET attempt = 2147483647 WHERE id = \(worn)")
            let job = try await fleet.addJob()
            let worker = try await fleet.addWorker()
            #expect(try await fleet.store.claimJobs(for: worker, limit: 3, poolLimit: 3).map(\.id) == [job])
            #expect(try await fleet.status(of: strange) == .pending)
            #expect(try await fleet.status(of: worn) == .pending)
        }
    }

    @Test func `moments without end keep neither status nor totals from being told`() async throws {
        try await Fleet.open { fleet in
            let worker = try await fleet.addWorker()
            try await fleet.addJob(dueFor: .seconds(60))
            let odd = try await fleet.addJob()
            try await fleet.sql("UPDATE provisioner_jobs SET available_at = '-infinity' WHERE id = \(odd)")
            try await fleet.sql(
                """
                INSERT INTO workers (name, lease_expires_at, state) VALUES ('other', 'infinity', 'draining')
                """
            )
            try await fleet.sql(
                """
                INSERT INTO workspace_claims (outcome, created_at, bound_at) VALUES ('hit', '-infinity', now()),
                    ('hit', now() - interval '1 second', now())
                """
            )
            let overview = try await fleet.store.overview()
            #expect((60...120).contains(overview.oldestPendingSeconds))
            #expect(overview.workers.count == 2)
            #expect(try await fleet.store.fleetFacts(for: worker) != nil)
            let totals = try #require(try await fleet.store.claimTotals(for: worker, bounds: [1, 10]))
            #expect(totals.outcomes.values.reduce(0, +) == 2)
            #expect(totals.durations["bind"]?.counts.reduce(0, +) == 1)
        }
    }

    @Test func `an event whose labels are none is sent without them, and holds up no other`() async throws {
        try await Fleet.open { fleet in
            try await fleet.sql(
                """
                INSERT INTO notification_events (type, labels) VALUES ('worker_lost', '[]'), ('worker_lost', '{"a": "b"}')
                """
            )
            var labels: [[String: String]] = []
            let count = try await fleet.store.dispatchEvents { event, _ in
                labels.append(event.labels)
                return []
            }
            #expect(count == 2)
            #expect(Set(labels) == [[:], ["a": "b"]])
        }
    }

    /// All that the schema admits in an endpoint's row, and no command writes.
    @Test(arguments: [
        "events = ARRAY[NULL, 'e']", "events = ARRAY[ARRAY['e', 'f']]", "headers = '{\"a\": null}'", "headers = '[]'",
        "max_concurrency = -1", "consecutive_failures = 2147483647", "probe_attempt = -1", "envelope = 'later'",
        "source = 'later'",
    ])
    func `an odd endpoint gets its deliveries and holds up no other's`(change: String) async throws {
        try await Fleet.open { fleet in
            let worker = try await fleet.addWorker()
            let odd = try await fleet.addEndpoint("odd")
            let other = try await fleet.addEndpoint("other")
            try await fleet.sql("UPDATE webhook_endpoints SET \(sql: SQL(trusted: change)) WHERE id = \(odd)")
            try await fleet.sql("INSERT INTO notification_events (type, targets) VALUES ('e', ARRAY[NULL::uuid])")
            let count = try await fleet.store.dispatchEvents { event, endpoints in
                endpoints.flatMap { $0.format.deliveries(of: event, to: $0.id) }
            }
            #expect(count == 1)
            let leased = try await fleet.store.leaseDeliveries(for: worker, limit: 9, lease: .seconds(60))
            #expect(Set(leased.map(\.endpoint.id)) == [odd, other])
            for delivery in leased {
                let failed = DeliveryAttempt(of: delivery, .retry(after: .seconds(5)))
                #expect(try await fleet.store.record(failed, by: worker) { $0.record(failed, at: $1) })
            }
        }
    }

    @Test func `a moment that no calendar of this program has is an end of time`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 1)
            try await fleet.sql("UPDATE templates SET prebuilds_paused_until = '294276-12-31'")
            let plan = try await fleet.pass().plan
            #expect(plan.presets.map(\.pool.presetID) == [preset])
            #expect(plan.presets[0].withheld.map(\.reason) == [.paused])
        }
    }
}
