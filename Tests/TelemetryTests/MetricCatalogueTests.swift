// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import FoundationEssentials
import Metrics
import Subprocess
import SystemPackage
import Telemetry
import TestSupport
import Testing

@Suite struct MetricCatalogueTests {
    @Test func `names are unique and begin with the prefix, or are what Prometheus' own libraries call a process's`() {
        let names = MetricCatalogue.families.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(names.filter { !$0.hasPrefix("stoker_") && !$0.hasPrefix("process_") } == [])
    }

    @Test(arguments: MetricCatalogue.families) func `a name says its kind and unit`(family: MetricFamily) {
        switch family.kind {
        case .counter: #expect(family.name.hasSuffix("_total"))
        case .gauge: #expect(!family.name.hasSuffix("_total"))
        case .histogram(let bounds):
            #expect(family.name.hasSuffix("_seconds"))
            #expect(bounds == bounds.sorted() && Set(bounds).count == bounds.count && !bounds.isEmpty)
        }
        #expect(family.help.hasSuffix("."))
    }

    @Test(.enabled(if: Promtool.path != nil, "needs promtool (Debian package prometheus)"), .timeLimit(.minutes(1)))
    func `promtool accepts the whole catalogue`() async throws {
        let registry = MetricsRegistry()
        for family in MetricCatalogue.families {
            let dimensions = family.labels.map { ($0, "a \"value\" \\ of\n\($0)") }
            switch family.kind {
            case .counter: Counter(label: family.name, dimensions: dimensions, factory: registry).increment()
            case .gauge: Meter(label: family.name, dimensions: dimensions, factory: registry).set(0.5)
            case .histogram:
                let timer = Metrics.Timer(label: family.name, dimensions: dimensions, factory: registry)
                for milliseconds in [1, 100, 10_000, 10_000_000] { timer.recordMilliseconds(milliseconds) }
            }
        }
        let text = registry.text()
        #expect(registry.rejections == [])
        #expect(text.split(separator: "\n").count { $0.hasPrefix("# TYPE ") } == MetricCatalogue.families.count)
        #expect(try await Promtool.check(text) == .fine)
    }

    @Test(.enabled(if: Promtool.path != nil, "needs promtool (Debian package prometheus)"), .timeLimit(.minutes(1)))
    func `promtool would have said so`() async throws {
        #expect(try await Promtool.check("# TYPE x counter\nx 1\n").status != .exited(0))
    }
}

extension MetricCatalogueTests {
    @Test func `the documentation's table is the catalogue`() throws {
        let root = FilePath("\(#filePath)").removingLastComponent().removingLastComponent().removingLastComponent()
        let page = try String(contentsOfFile: root.appending("Documentation/metrics.md").string, encoding: .utf8)
        let rows = MetricCatalogue.families.map { family in
            let kind =
                switch family.kind {
                case .counter: "counter"
                case .gauge: "gauge"
                case .histogram: "histogram"
                }
            let labels = family.labels.map { "`\($0)`" }.joined(separator: ", ")
            return "| `\(family.name)` | \(kind) | \(labels) | \(family.help) |"
        }
        #expect(page.split(separator: "\n").filter { $0.hasPrefix("| `") }.map(String.init) == rows)
    }
}
