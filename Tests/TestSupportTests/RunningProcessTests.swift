// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Subprocess
import SystemPackage
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct RunningProcessTests {
    @Test func `lines of both sources and the status are kept`() async throws {
        let outcome = try await RunningProcess.outcome(
            of: "/bin/sh",
            ["-c", "echo one; echo two >&2; printf three; exit 7"]
        )
        #expect(
            outcome == .init(status: .exited(7), standardOutput: ["one", "three"], standardError: ["two"])
        )
    }

    @Test func `a line is awaited while the process runs, and a signal ends it`() async throws {
        let process = try await shell("echo ready; exec sleep 600")
        #expect(try await process.line(containing: "ready") == .init(source: .standardOutput, text: "ready"))
        process.send(.terminate)
        #expect(try await process.exit() == .signaled(15))
    }

    @Test func `a process that ends without the line fails at once, with what it said`() async throws {
        let process = try await shell("echo sorry >&2; exit 3")
        let error = await #expect(throws: (any Error).self) { try await process.line(containing: "ready") }
        #expect("\(try #require(error))" == "sh ended (exited(3)) without a line with 'ready'; its last lines:\nsorry")
    }

    @Test func `the end is seen although a descendant holds the output open`() async throws {
        let process = try await shell("sleep 600 & echo ready; wait")
        try await process.line(containing: "ready")
        process.send(.kill)
        #expect(try await process.exit() == .signaled(9))
        try await process.end()
    }

    @Test func `ending it ends its descendants`() async throws {
        let process = try await shell("sleep 600 & echo child $!; wait")
        let line = try await process.line(containing: "child ")
        try await process.end()
        let child = try #require(Int32(line.text.dropFirst(6)))
        try await gone(child)
    }

    @Test func `letting go of it ends it`() async throws {
        var process: RunningProcess? = try await shell("echo ready; sleep 600")
        try await process?.line(containing: "ready")
        let pid = try #require(process?.pid)
        process = nil
        try await gone(pid)
    }

    @Test func `the output is a sequence of lines`() async throws {
        let process = try await shell("for n in 1 2 3; do echo $n; done")
        var lines: [String] = []
        for try await line in process.output { lines.append(line.text) }
        #expect(lines == ["1", "2", "3"])
    }

    @Test func `what cannot be started is an error`() async throws {
        await #expect(throws: (any Error).self) { try await RunningProcess.start("/nonexistent") }
    }

    @Test func `variables are added to and taken from the environment`() async throws {
        let outcome = try await RunningProcess.outcome(
            of: "/bin/sh",
            ["-c", "echo $ADDED ${HOME-removed}"],
            environment: ["ADDED": "added", "HOME": nil]
        )
        #expect(outcome.standardOutput == ["added removed"])
    }

    private func shell(_ script: String) async throws -> RunningProcess {
        try await RunningProcess.start("/bin/sh", ["-c", script])
    }
}

/// Waits until the process is gone or a zombie.
func gone(_ pid: Int32) async throws {
    while FileManager.default.fileExists(atPath: "/proc/\(pid)/exe"),
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe")) != nil
    {
        try await Task.sleep(for: .milliseconds(10))
    }
}
