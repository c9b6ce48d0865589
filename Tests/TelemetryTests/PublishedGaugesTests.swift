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

    private func lines(_ text: String) -> [String] {
        text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init)
    }
}
