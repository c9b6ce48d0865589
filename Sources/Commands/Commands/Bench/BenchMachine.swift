// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Store

/// Where a measurement was made: without it, its figures say nothing.
struct BenchMachine: Hashable, Sendable, Encodable {
    let processor: String
    let processors: Int
    let memoryBytes: Int
    /// Processes that wanted to run, averaged over the minute before the measurement: more than `processors` spoils it.
    let load: Double
    let version: String
    /// Whether the compiler optimised this program: figures of a debug build are no figures.
    let isOptimized: Bool
    /// The server's version, and those of its settings that decide how fast it writes.
    let postgres: [String: String]

    init(_ store: Store) async throws {
        let model = Self.lines(of: "/proc/cpuinfo").first { $0.hasPrefix("model name") }
        processor = model?.split(separator: ":").last.map { String($0.trimmingPrefix(" ")) } ?? "unknown processor"
        processors = ProcessInfo.processInfo.activeProcessorCount
        memoryBytes = Int(ProcessInfo.processInfo.physicalMemory)
        load = Self.lines(of: "/proc/loadavg").first?.split(separator: " ").first.flatMap { Double($0) } ?? 0
        version = BuildInfo.version
        isOptimized = Self.wasOptimized
        postgres = try await store.serverSettings()
    }

    var text: String {
        let settings = postgres.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        return "\(processors) x \(processor), \(memoryBytes >> 30) GiB, load \(Shown.number(load)); "
            + "stoker \(version)\(isOptimized ? "" : ", not optimized"); Postgres: \(settings)"
    }

    private static var wasOptimized: Bool {
        // An assertion is evaluated in debug builds alone.
        var isOptimized = true
        assert(
            {
                isOptimized = false
                return true
            }()
        )
        return isOptimized
    }

    private static func lines(of file: String) -> [Substring] {
        String(decoding: FileManager.default.contents(atPath: file) ?? Data(), as: UTF8.self).split(separator: "\n")
    }

    private enum CodingKeys: String, CodingKey {
        case processor, processors, load, version, postgres
        case memoryBytes = "memory_bytes"
        case isOptimized = "optimized"
    }
}
