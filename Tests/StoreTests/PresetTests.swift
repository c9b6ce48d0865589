// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds
import Store
import TestSupport
import Testing
import Time

/// What operators do to presets and pools.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct PresetTests {
    private static let limits = PlanLimits(
        backoffInterval: .seconds(60),
        backoffLookback: .seconds(3 * 3_600),
        failureHardLimit: 1
    )

    @Test func `a reset makes a hard limited preset build again, and tells so once`() async throws {
        try await Fleet.open { fleet in
            let admin = try await fleet.addUser("admin", roles: ["template-admin"])
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 1)
            try await fleet.addWorkspace(of: preset, .init(status: .failed))
            try await fleet.pass(limits: Self.limits)
            #expect(try await fleet.status(of: preset) == "hard_limited")

            let bell = try await fleet.listen(to: Channel.reconcile)
            let selection = PresetSelection.ofTemplate("GO-dev", named: "preset")
            for _ in 0..<2 { try await fleet.store.resetPresets(selection, by: "ada", at: Fleet.now) }
            try await bell.next("a wake-up of the reconciler")
            #expect(try await fleet.status(of: preset) == "healthy")
            #expect(
                try await fleet.eventTypes() == ["prebuild_failure_limit_reached", "prebuild_failure_limit_resolved"]
            )
            let event = try await fleet.value(
                """
                SELECT ARRAY[data->>'how', data->>'by', data->'preset'->>'name', labels->>'template', recipients[1]::text]
                FROM notification_events WHERE type = 'prebuild_failure_limit_resolved'
                """,
                as: [String].self
            )
            #expect(event == ["reset", "ada", "preset", "go-dev", "\(admin)"])

            // The failure counts neither for the hard limit nor for back-off, and a new one is a new incident.
            #expect(try await fleet.pass(limits: Self.limits).applied.created == [preset: 1])
            try await fleet.sql("UPDATE provisioner_jobs SET completed_at = now(), error = 'again'")
            let second = try await fleet.pass(at: Fleet.now + .seconds(1), limits: Self.limits)
            #expect(second.applied.events.count == 1)
        }
    }

    @Test func `a reset waits for the pass that is about to limit the preset, and undoes it`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 1)
            try await fleet.addWorkspace(of: preset, .init(status: .failed))
            // The pass has written, and commits only after the reset has begun to wait for it.
            try await fleet.sql(
                """
                CREATE FUNCTION wait_for_reset() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    WHILE NOT EXISTS (
                        SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))
                    ) LOOP
                        PERFORM pg_sleep(0.01);
                    END LOOP;
                    RETURN NULL;
                END $$
                """
            )
            try await fleet.sql(
                """
                CREATE TRIGGER wait_for_reset AFTER INSERT ON notification_events FOR EACH ROW
                WHEN (NEW.type = 'prebuild_failure_limit_reached') EXECUTE FUNCTION wait_for_reset()
                """
            )
            async let pass = fleet.pass(limits: Self.limits)
            try await fleet.until(
                """
                EXISTS (
                    SELECT FROM pg_stat_activity
                    WHERE wait_event = 'PgSleep' AND datname = current_database() AND pid <> pg_backend_pid()
                )
                """
            )
            let changed = try await fleet.store.resetPresets(.id(preset), by: "ada", at: Fleet.now)
            #expect(try await pass.applied.statusChanges == [preset])
            #expect(changed.map(\.statusBefore) == [.hardLimited])
            #expect(try await fleet.status(of: preset) == "healthy")
            #expect(
                try await fleet.column("SELECT type FROM notification_events WHERE resolved_at IS NULL")
                    == ["prebuild_failure_limit_resolved"]
            )
        }
    }

    @Test func `a reset of an invalid or healthy preset forgets failures and tells nothing`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let invalid = try await fleet.addPreset("invalid", of: template.version, desired: 1, parameters: [:])
            let failing = try await fleet.addPreset("failing", of: template.version, desired: 1)
            try await fleet.addWorkspace(of: failing, .init(status: .failed, createdAt: Fleet.now - .seconds(10)))
            var limits = Self.limits
            limits.failureHardLimit = 0
            #expect(try await fleet.pass(limits: limits).applied.created == [:])
            let changed = try await fleet.store.resetPresets(.ofTemplate("go-dev"), by: "ada", at: Fleet.now)
            #expect(Set(changed.map(\.id)) == [invalid, failing])
            #expect(try await fleet.status(of: invalid) == "validation_failed")
            #expect(try await fleet.pass(limits: limits).applied.created == [failing: 1])
            #expect(try await fleet.eventTypes() == ["preset_validation_failed"])
        }
    }

    @Test func `an invalidation replaces what exists, of one preset or of all`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let first = try await fleet.addPreset("first", of: template.version, desired: 1)
            let second = try await fleet.addPreset("second", of: template.version, desired: 1)
            let old = try await [fleet.addWorkspace(of: first), fleet.addWorkspace(of: second)].map(\.id)
            try await fleet.store.invalidatePresets(.ofTemplate("go-dev", named: "first"), at: Fleet.now)
            var applied = try await fleet.pass().applied
            #expect(applied.deleted == [old[0]])
            #expect(applied.created == [first: 1])
            try await fleet.store.invalidatePresets(.ofTemplate("go-dev"), at: Fleet.now)
            applied = try await fleet.pass().applied
            #expect(applied.deleted == [old[1]])
            #expect(applied.created == [second: 1])
        }
    }

    @Test func `presets are listed with what an operator must know`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let pool = try await fleet.addPreset("pool", of: template.version, desired: 2, parameters: [:])
            let bare = try await fleet.addPreset("bare", of: template.version, desired: nil)
            try await fleet.pass()
            try await fleet.store.pauseTemplate("go-dev")
            let presets = try await fleet.store.presets()
            #expect(presets.map(\.id) == [bare, pool])
            #expect(presets.map(\.desiredInstances) == [nil, 2])
            #expect(presets.map(\.status) == [.healthy, .validationFailed])
            #expect(presets[1].statusMessage.contains("test"))
            #expect(presets.map(\.pausedUntil) == [.distantFuture, .distantFuture])
        }
    }

    @Test func `what does not exist is refused, and nothing is changed`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            _ = try await fleet.addPreset(of: template.version, desired: 1)
            for selection in [
                PresetSelection.id(.random()), .ofTemplate("go-dev", named: "none"), .ofTemplate("none"),
            ] {
                await #expect(throws: StoreError.self) { try await fleet.store.resetPresets(selection, by: "ada") }
                await #expect(throws: StoreError.self) { try await fleet.store.invalidatePresets(selection) }
            }
            await #expect(throws: StoreError.self) { try await fleet.store.pauseTemplate("none") }
            #expect(
                try await fleet.value(
                    """
                    SELECT count(*) FROM template_version_presets
                    WHERE failures_forgotten_before IS NOT NULL OR last_invalidated_at IS NOT NULL
                    """
                ) == 0
            )
        }
    }

    @Test func `a template's pause holds creation until it ends or is ended`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 1)
            try await fleet.store.pauseTemplate("go-dev")
            #expect(try await fleet.pass().plan.presets[0].withheld.map(\.reason) == [.paused])
            try await fleet.store.pauseTemplate("go-dev", until: Fleet.now)
            #expect(try await fleet.pass(at: Fleet.now - .seconds(1)).applied.created == [:])
            #expect(try await fleet.pass().applied.created == [preset: 1])
            try await fleet.store.pauseTemplate("go-dev")
            try await fleet.store.resumeTemplate("go-dev")
            try await fleet.sql("UPDATE workspaces SET deleted = true")
            #expect(try await fleet.pass().applied.created == [preset: 1])
        }
    }
}
