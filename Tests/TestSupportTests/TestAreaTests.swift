// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import LocalPostgres
import Logging
import SystemPackage
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct TestAreaTests {
    @Test func `directories are new and may be passed through by others`() async throws {
        let first = try await TestArea.shared.makeDirectory("same")
        let second = try await TestArea.shared.makeDirectory("same")
        #expect(first != second)
        for directory in [first, first.removingLastComponent()] {
            var status = stat()
            #expect(stat(directory.string, &status) == 0)
            #expect(status.st_mode & S_IXOTH != 0)
        }
    }

    @Test func `nothing stays of a test process that is killed, not even what it has frozen`() async throws {
        let result = await #expect(processExitsWith: .signal(SIGKILL), observing: [\.standardOutputContent]) {
            let area = try await TestArea.shared.makeDirectory()
            let cluster = LocalCluster(dataDirectory: area, settings: ["fsync": "off"], logger: .init(label: "test"))
            _ = try await cluster.start()
            let server = try #require(await cluster.pid)
            kill(server, SIGSTOP)
            let child = try await RunningProcess.start("/bin/sleep", ["600"])
            // Of a session of its own, so that the child's group does not take it along, and deaf to all but SIGKILL.
            let stubborn = try await RunningProcess.start(
                "/bin/sh",
                ["-c", "setsid sh -c 'trap \"\" QUIT TERM; echo pid $$; exec sleep 600'; :"],
                workingDirectory: area
            )
            let line = try await stubborn.line(containing: "pid ")
            let report = "left \(area) \(server) \(child.pid) \(line.text.dropFirst(4))\n"
            try FileDescriptor.standardOutput.writeAll(report.utf8)
            kill(getpid(), SIGKILL)
        }
        let output = String(decoding: try #require(result?.standardOutputContent), as: UTF8.self)
        let report = try #require(output.split(separator: "\n").first { $0.hasPrefix("left ") }).split(separator: " ")
        try #require(report.count == 5)
        for pid in report.dropFirst(2) { try await gone(try #require(Int32(pid))) }
        while FileManager.default.fileExists(atPath: String(report[1])) { try await Task.sleep(for: .milliseconds(20)) }
    }
}
