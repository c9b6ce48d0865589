// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import Metrics
import Telemetry
import Testing

@Suite struct MetricsRegistryTests {
    private let counted = MetricFamily("test_events_total", .counter, labels: ["kind", "place"], help: "Events.")
    private let level = MetricFamily("test_level", .gauge, help: "A level\nwith \\ and \"quotes\".")
    private let took = MetricFamily("test_took_seconds", .histogram(upperBounds: [0.25, 1]), help: "Time taken.")

    private func registry(seriesLimit: Int = 100) -> MetricsRegistry {
        MetricsRegistry(families: [counted, level, took], seriesLimit: seriesLimit)
    }

    @Test func `nothing is exported before it is recorded`() {
        let registry = registry()
        let counter = counted.counter("a", "b", factory: registry)
        let gauge = level.gauge(factory: registry)
        let timer = took.timer(factory: registry)
        #expect(registry.text() == "")
        counter.increment(by: 0)
        #expect(registry.text() == "")
        withExtendedLifetime((gauge, timer)) {}
    }

    @Test func `families and series come sorted, with help and type, whatever the order of labels`() {
        let registry = registry()
        level.gauge(factory: registry).set(2.5)
        counted.counter("b", "x", factory: registry).increment()
        Counter(label: "test_events_total", dimensions: [("place", "y"), ("kind", "a")], factory: registry)
            .increment(by: 3)
        Counter(label: "test_events_total", dimensions: [("kind", "a"), ("place", "y")], factory: registry).increment()
        #expect(
            registry.text() == #"""
                # HELP test_events_total Events.
                # TYPE test_events_total counter
                test_events_total{kind="a",place="y"} 4
                test_events_total{kind="b",place="x"} 1
                # HELP test_level A level\nwith \\ and "quotes".
                # TYPE test_level gauge
                test_level 2.5

                """#
        )
    }

    @Test func `a label's value may hold anything`() {
        let registry = registry()
        counted.counter("a\\b\"c\nd", "{ü,=}", factory: registry).increment()
        #expect(registry.text().contains(#"test_events_total{kind="a\\b\"c\nd",place="{ü,=}"} 1"# + "\n"))
    }

    @Test func `a histogram of durations counts in seconds, cumulated, bounds included`() {
        let registry = registry()
        let timer = took.timer(factory: registry)
        for milliseconds in [125, 250, 375, 1000, 5000] { timer.recordMilliseconds(milliseconds) }
        #expect(
            registry.text() == #"""
                # HELP test_took_seconds Time taken.
                # TYPE test_took_seconds histogram
                test_took_seconds_bucket{le="0.25"} 2
                test_took_seconds_bucket{le="1"} 4
                test_took_seconds_bucket{le="+Inf"} 5
                test_took_seconds_sum 6.75
                test_took_seconds_count 5

                """#
        )
    }

    @Test func `a recorder is a histogram when it aggregates, else a gauge`() {
        let registry = registry()
        Recorder(label: took.name, dimensions: [], aggregate: true, factory: registry).record(0.5)
        Gauge(label: level.name, dimensions: [], factory: registry).record(7)
        let text = registry.text()
        #expect(text.contains("test_took_seconds_sum 0.5\n"))
        #expect(text.contains("test_level 7\n"))
    }

    @Test func `a gauge goes up and down`() {
        let registry = registry()
        let gauge = level.gauge(factory: registry)
        gauge.increment(by: 5)
        gauge.decrement(by: 7)
        #expect(registry.text().hasSuffix("\ntest_level -2\n"))
    }

    @Test(arguments: [
        (Double.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"), (1e300, "1e+300"), (0.1, "0.1"), (-0.0, "0"),
        (1_764_000_000, "1764000000"),
    ])
    func `numbers are written as Prometheus reads them`(value: Double, expected: String) {
        let registry = registry()
        level.gauge(factory: registry).set(value)
        #expect(registry.text().hasSuffix("\ntest_level \(expected)\n"))
    }

    @Test func `what the catalogue does not have goes nowhere and is named`() {
        let registry = registry()
        Counter(label: "test_unknown_total", dimensions: [], factory: registry).increment()
        Counter(label: "test_events_total", dimensions: [("kind", "a")], factory: registry).increment()
        Counter(
            label: "test_events_total",
            dimensions: [("kind", "a"), ("place", "b"), ("user", "c")],
            factory: registry
        ).increment()
        Counter(label: "test_level", dimensions: [], factory: registry).increment()
        Metrics.Timer(label: "test_level", dimensions: [], factory: registry).recordSeconds(1)
        #expect(registry.text() == "")
        #expect(
            registry.rejections == [
                #"test_events_total: has the labels ["kind", "place"], not ["kind", "place", "user"]"#,
                #"test_events_total: has the labels ["kind", "place"], not ["kind"]"#,
                "test_level: of another kind",
                "test_unknown_total: not in the catalogue",
            ]
        )
    }

    @Test func `a label of ever new values is stopped`() {
        let registry = registry(seriesLimit: 3)
        for number in 0..<10 { counted.counter("\(number)", "", factory: registry).increment() }
        counted.counter("0", "", factory: registry).increment()
        #expect(registry.text().split(separator: "\n").count == 2 + 3)
        #expect(registry.text().contains(#"{kind="0",place=""} 2"#))
        #expect(registry.rejections == ["test_events_total: more than 3 series"])
        counted.counter("1", "", factory: registry).destroy()
        counted.counter("11", "", factory: registry).increment()
        #expect(registry.text().contains(#"{kind="11",place=""} 1"#))
    }

    @Test func `series are removed, and come back when recorded anew`() {
        let registry = registry()
        for place in ["x", "y"] { counted.counter("a", place, factory: registry).increment() }
        counted.counter("b", "x", factory: registry).increment()
        for place in ["x", "y"] { counted.counter("a", place, factory: registry).destroy() }
        #expect(registry.text().hasSuffix("counter\ntest_events_total{kind=\"b\",place=\"x\"} 1\n"))
        counted.counter("b", "x", factory: registry).destroy()
        #expect(registry.text() == "")
        counted.counter("a", "x", factory: registry).increment()
        #expect(registry.text().hasSuffix("\ntest_events_total{kind=\"a\",place=\"x\"} 1\n"))
    }

    @Test func `concurrent recording loses nothing`() async {
        let registry = registry()
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for number in 0..<1000 {
                        counted.counter("\(number % 3)", "", factory: registry).increment()
                        took.timer(factory: registry).recordMilliseconds(50)
                        if number % 100 == 0 { _ = registry.text() }
                    }
                }
            }
        }
        let text = registry.text()
        for (kind, count) in [("0", 2672), ("1", 2664), ("2", 2664)] {
            #expect(text.contains("test_events_total{kind=\"\(kind)\",place=\"\"} \(count)\n"))
        }
        #expect(text.contains("test_took_seconds_count 8000\n"))
    }
}
