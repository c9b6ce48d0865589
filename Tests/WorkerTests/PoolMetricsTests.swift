// SPDX-License-Identifier: Apache-2.0

import Domain
import Prebuilds
import Telemetry
import Testing
import Time

@testable import Worker

/// What the fleet's reporter exports about the pools of a plan.
@Suite struct PoolMetricsTests {
    private let start = ContinuousClock.now

    @Test func `pools appear, change and vanish`() {
        let registry = MetricsRegistry()
        let metrics = PoolMetrics(registry: registry)
        var pool = pool("go-dev", "us")
        pool.status = .hardLimited
        pool.isPaused = true
        metrics.publish(plan([pool, self.pool("go-dev", "eu")], at: 1_748_833_200.5), now: start)
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
        metrics.publish(plan([], at: 1_748_833_215, pause: FleetPause(kind: .maintenance)), now: start)
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
        metrics.publish(plan([pool("go-dev", "us")]), now: start)
        #expect(registry.text(now: start + .milliseconds(59_999)) != "")
        #expect(registry.text(now: start + .seconds(60)) == "")
        metrics.publish(plan([]), now: start + .seconds(61))
        #expect(registry.text(now: start + .seconds(61)) != "")
    }

    @Test func `pools of one name are added up`() {
        let registry = MetricsRegistry()
        let pools = [pool("go-dev", "us"), pool("go-dev", "us")]
        PoolMetrics(registry: registry).publish(plan(pools), now: start)
        #expect(
            lines(registry.text(now: start)).first { $0.contains("desired") }
                == #"stoker_prebuilds_desired{template_name="go-dev",preset_name="us",org_name="default"} 6"#
        )
    }

    @Test func `what a pool chooses, what somebody has set and a fall-back are told`() {
        let registry = MetricsRegistry()
        var pool = pool("go-dev", "us")
        pool.size = PlannedSize(
            desired: 3,
            scheduled: 1,
            override: PoolOverride(max: 9, setBy: "alice", setAt: Instant(seconds: 1)),
            autoscale: PlannedSize.Autoscale(
                settings: AutoscaleSettings(mode: .apply),
                target: 7,
                text: "7",
                decides: false,
                fallback: SizingFallback(until: .distantFuture, message: "worse")
            )
        )
        PoolMetrics(registry: registry).publish(plan([pool, self.pool("go-dev", "eu")]), now: start)
        let told = lines(registry.text(now: start)).filter {
            $0.contains("target") || $0.contains("fallback") || $0.contains("overridden")
        }
        let labels = #"{template_name="go-dev",preset_name="us",org_name="default"}"#
        #expect(
            told == [
                "stoker_prebuilds_autoscale_fallback\(labels) 1", "stoker_prebuilds_overridden\(labels) 1",
                "stoker_prebuilds_target\(labels) 7",
            ]
        )
    }

    private func plan(_ presets: [PresetPlan], at seconds: Double = 1, pause: FleetPause? = nil) -> Plan {
        Plan(now: Instant(microseconds: Int64(seconds * 1_000_000)), pause: pause, presets: presets)
    }

    private func pool(_ template: String, _ preset: String) -> PresetPlan {
        PresetPlan(
            pool: Pool(
                presetID: .random(),
                presetName: preset,
                templateVersionID: .random(),
                templateName: template,
                organizationID: .random(),
                organizationName: "default"
            ),
            isActive: true,
            state: PoolState(actual: 2, desired: 3, eligible: 1, starting: 1)
        )
    }

    private func lines(_ text: String) -> [String] {
        text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init)
    }
}
