// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Logging
import SystemPackage
import TestSupport
import Testing

@testable import Telemetry

@Suite(.timeLimit(.minutes(1)))
struct LogSinkTests {
    @Test func `lines arrive in order`() throws {
        let pipe = try FileDescriptor.pipe()
        let sink = LogSink(pipe.writeEnd)
        for number in 0..<100 { sink.write("line \(number)\n") }
        sink.flush()
        try pipe.writeEnd.close()
        #expect(try readAll(pipe.readEnd) == (0..<100).map { "line \($0)" })
    }

    @Test func `nobody waits for a reader that does not read, and what is lost is counted`() async throws {
        let pipe = try FileDescriptor.pipe()
        let sink = LogSink(pipe.writeEnd, capacity: 100_000)
        let line = String(repeating: "x", count: 999) + "\n"
        // More than pipe and sink hold together; it returns all the same.
        for _ in 0..<1000 { sink.write(line) }
        sink.flush(within: .milliseconds(1))
        let reading = Task.detached { try readAll(pipe.readEnd) }
        sink.flush(within: .seconds(30))
        try pipe.writeEnd.close()
        let lines = try await reading.value
        let reports = lines.filter { $0.hasPrefix("stoker: ") }
        let dropped = reports.compactMap { Int($0.split(separator: " ")[1]) }.reduce(0, +)
        #expect(dropped > 0)
        #expect(lines.count - reports.count + dropped == 1000)
    }

    @Test func `an event's keys win over the logger's, and these over the provider's`() throws {
        let pipe = try FileDescriptor.pipe()
        let sink = LogSink(pipe.writeEnd)
        let provider = Logger.MetadataProvider { ["a": "provider", "b": "provider", "c": "provider"] }
        var logger = Logger(label: "test") { label in
            LineLogHandler(
                label: label,
                format: .text,
                level: .debug,
                sink: sink,
                metadataProvider: provider,
                now: { Date(timeIntervalSince1970: 0) }
            )
        }
        logger[metadataKey: "b"] = "logger"
        logger[metadataKey: "c"] = "logger"
        logger.debug("Said", metadata: ["c": "event"])
        logger.trace("Not said")
        sink.flush()
        try pipe.writeEnd.close()
        #expect(try readAll(pipe.readEnd) == ["1970-01-01T00:00:00.000Z debug    Said a=provider b=logger c=event"])
    }
}

private func readAll(_ descriptor: FileDescriptor) throws -> [String] {
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
        let count = try buffer.withUnsafeMutableBytes { try descriptor.read(into: $0) }
        if count == 0 { break }
        text += buffer[..<count]
    }
    try descriptor.close()
    return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
}
