// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PostgresClient
import Store

/// The machine and the server of a measurement, without which its figures mean nothing.
package struct BenchMachine: Hashable, Sendable, Encodable {
    package let processor: String
    package let processors: Int
    package let memoryBytes: Int
    /// The load average of the minute before the measurement: more than `processors` spoils it.
    package let load: Double
    package let version: String
    /// Whether the compiler optimised this program: figures of a debug build mean nothing.
    package let isOptimized: Bool
    /// The server's version, and its settings that decide about write speed.
    package let postgres: [String: String]
    /// What pgbench says of itself; `nil`: it is not installed, so that what it would measure is missing.
    package let pgbench: String?

    init(_ store: Store, version: String, pgbench: String?) async throws {
        self.pgbench = pgbench
        let model = Self.lines(of: "/proc/cpuinfo").first { $0.hasPrefix("model name") }
        processor = model?.split(separator: ":").last.map { String($0.trimmingPrefix(" ")) } ?? "unknown processor"
        processors = ProcessInfo.processInfo.activeProcessorCount
        memoryBytes = Int(ProcessInfo.processInfo.physicalMemory)
        load = Self.lines(of: "/proc/loadavg").first?.split(separator: " ").first.flatMap { Double($0) } ?? 0
        self.version = version
        isOptimized = Self.wasOptimized
        let settings = try await store.bench(
            """
            SELECT name, current_setting(name) FROM pg_settings WHERE name IN (
                'server_version', 'fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers', 'work_mem',
                'max_wal_size', 'jit'
            )
            """
        )
        postgres = Dictionary(try settings.map { try $0.decode(String.self, String.self) }) { first, _ in first }
    }

    private static var wasOptimized: Bool {
        // Assertions are evaluated only in debug builds.
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
        case processor, processors, load, version, postgres, pgbench
        case memoryBytes = "memory_bytes"
        case isOptimized = "optimized"
    }
}
