// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Supervision
import SystemPackage
import Testing

@Suite(.serialized) struct ProcessUsageTests {
    @Test func `what the kernel counts of this process is read`() throws {
        let usage = try #require(ProcessUsage.now)
        #expect(usage.residentBytes > 1 << 20 && usage.residentBytes < usage.virtualBytes)
        #expect(usage.threads >= 1 && usage.cpuSeconds >= 0)
        let age = Date.now.timeIntervalSince1970 - usage.startSeconds
        #expect(age > -2 && age < 86_400, "started \(age) s ago")
        #expect(try #require(usage.fileLimit) > usage.openFiles)
    }

    @Test func `files that are opened are counted, and time that is spent`() throws {
        let before = try #require(ProcessUsage.now)
        // More than others may open or close in this process meanwhile.
        let files = try (0..<100).map { _ in try FileDescriptor.open("/dev/null", .readOnly) }
        defer { for file in files { try? file.close() } }
        #expect(try #require(ProcessUsage.now).openFiles >= before.openFiles + 50)
        var usage = before
        while usage.cpuSeconds < before.cpuSeconds + 0.05 { usage = try #require(ProcessUsage.now) }
        #expect(usage.startSeconds == before.startSeconds)
    }
}
