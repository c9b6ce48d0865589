// SPDX-License-Identifier: Apache-2.0

import Telemetry
import Testing

@Suite struct PublishedGaugesTests {
    private let start = ContinuousClock.now

    @Test func `a publication takes the place of the one before, and no other`() {
        let registry = MetricsRegistry()
        registry.publish("a", [GaugeSample(MetricCatalogue.workerCounts, ["active"], 2)], for: .seconds(60), now: start)
        registry.publish("b", [GaugeSample(MetricCatalogue.webhookBacklog, [], 5)], for: .seconds(60), now: start)
        registry.publish("a", [GaugeSample(MetricCatalogue.workerCounts, ["lost"], 1)], for: .seconds(60), now: start)
        #expect(
            lines(registry.text(now: start)) == [#"stoker_webhook_backlog 5"#, #"stoker_workers{state="lost"} 1"#]
        )
        registry.withdraw("b")
        #expect(lines(registry.text(now: start)) == [#"stoker_workers{state="lost"} 1"#])
    }

    @Test func `pools appear, change and vanish`() {
        let registry = MetricsRegistry()
        let metrics = PoolMetrics(registry: registry)
        var pool = pool("go-dev", "us")
        pool.isHardLimited = true
        pool.isPaused = true
        metrics.publish([pool, self.pool("go-dev", "eu")], paused: false, snapshotSeconds: 1_748_833_200.5, now: start)
        #expect(
            lines(registry.text(now: start)) == [
                "stoker_maintenance 0",
                #"stoker_prebuilds_desired{template_name="go-dev",preset_name="eu",org_name="default"} 3"#,
                #"stoker_prebuilds_desired{template_name="go-dev",preset_name="us",org_name="default"} 3"#,
                #"stoker_prebuilds_eligible{template_name="go-dev",preset_name="eu",org_name="default"} 1"#,
                #"stoker_prebuilds_eligible{template_name="go-dev",preset_name="us",org_name="default"} 1"#,
                "stoker_prebuilds_orphaned 0",
                #"stoker_prebuilds_preset_hard_limited{template_name="go-dev",preset_name="us",org_name="default"} 1"#,
                #"stoker_prebuilds_preset_paused{template_name="go-dev",preset_name="us",org_name="default"} 1"#,
                "stoker_prebuilds_reconciliation_paused 0",
                #"stoker_prebuilds_running{template_name="go-dev",preset_name="eu",org_name="default"} 2"#,
                #"stoker_prebuilds_running{template_name="go-dev",preset_name="us",org_name="default"} 2"#,
                "stoker_prebuilds_snapshot_timestamp_seconds 1748833200.5",
                #"stoker_prebuilds_starting{template_name="go-dev",preset_name="eu",org_name="default"} 1"#,
                #"stoker_prebuilds_starting{template_name="go-dev",preset_name="us",org_name="default"} 1"#,
            ]
        )
        metrics.publish([], paused: true, inMaintenance: true, snapshotSeconds: 1_748_833_215, now: start)
        #expect(
            lines(registry.text(now: start)) == [
                "stoker_maintenance 1", "stoker_prebuilds_orphaned 0", "stoker_prebuilds_reconciliation_paused 1",
                "stoker_prebuilds_snapshot_timestamp_seconds 1748833215",
            ]
        )
        metrics.withdraw()
        #expect(registry.text(now: start) == "")
    }

    @Test func `who does not publish any more exports nothing after the lifetime`() {
        let registry = MetricsRegistry()
        let metrics = PoolMetrics(registry: registry, lifetime: .seconds(60))
        metrics.publish([pool("go-dev", "us")], paused: false, snapshotSeconds: 1, now: start)
        #expect(registry.text(now: start + .milliseconds(59_999)) != "")
        #expect(registry.text(now: start + .seconds(60)) == "")
        metrics.publish([], paused: false, snapshotSeconds: 2, now: start + .seconds(61))
        #expect(registry.text(now: start + .seconds(61)) != "")
    }

    @Test func `pools of one name are added up`() {
        let registry = MetricsRegistry()
        let pools = [pool("go-dev", "us"), pool("go-dev", "us")]
        PoolMetrics(registry: registry).publish(pools, paused: false, snapshotSeconds: 1, now: start)
        #expect(
            lines(registry.text(now: start)).first { $0.contains("desired") }
                == #"stoker_prebuilds_desired{template_name="go-dev",preset_name="us",org_name="default"} 6"#
        )
    }

    private func pool(_ template: String, _ preset: String) -> PoolMetrics.Pool {
        PoolMetrics.Pool(
            templateName: template,
            presetName: preset,
            organizationName: "default",
            desired: 3,
            running: 2,
            eligible: 1,
            starting: 1
        )
    }

    private func lines(_ text: String) -> [String] {
        text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init)
    }
}
