// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Logging
import Testing

@testable import Telemetry

@Suite struct LogFormatTests {
    private func event(_ message: String, _ metadata: Logger.Metadata = [:]) -> LogFormat.Event {
        LogFormat.Event(
            time: Date(timeIntervalSince1970: 1_748_833_200.25),
            level: .info,
            message: message,
            label: "stoker.worker",
            metadata: metadata
        )
    }

    @Test func `text is time, level, message, and the metadata by key`() {
        let line = LogFormat.text.line(event("Claimed jobs", ["worker.id": "w1", "job.id": "j1", "count": "\(2)"]))
        #expect(line == "2025-06-02T03:00:00.250Z info     Claimed jobs count=2 job.id=j1 worker.id=w1\n")
    }

    @Test func `JSON is one flat object, the metadata by key`() {
        let line = LogFormat.json.line(
            event(
                "Claimed jobs",
                ["worker.id": "w1", "jobs": ["a", "b"], "nested": ["y": "2", "x": "1"], "time": "mine"]
            )
        )
        #expect(
            line
                == #"{"time":"2025-06-02T03:00:00.250Z","level":"info","message":"Claimed jobs","logger":"stoker.worker","#
                + #""jobs":["a","b"],"nested":{"x":"1","y":"2"},"metadata.time":"mine","worker.id":"w1"}"# + "\n"
        )
    }

    @Test(arguments: LogFormat.allCases) func `whatever the event holds, it is one printable line`(format: LogFormat) {
        let evil = "a\nb\r\u{1b}[31m\"c\\ \t\u{7f}"
        let line = format.line(event(evil, [evil: .string(evil), "k": .array([.string(evil)])]))
        #expect(line.hasSuffix("\n"))
        #expect(line.dropLast().unicodeScalars.allSatisfy { $0 >= " " && $0 != "\u{7f}" })
    }

    @Test func `JSON text is read back as it was`() throws {
        struct Line: Decodable, Equatable {
            let message: String
            let key: String
        }
        let text = "a\nb\r\u{1b}\u{0}\"c\\ /\t\u{7f}\u{2028} ü 🐘"
        let line = LogFormat.json.line(event(text, ["key": .string(text)]))
        let read = try JSONDecoder().decode(Line.self, from: Data(line.utf8))
        #expect(read == Line(message: text, key: text))
    }

    @Test(arguments: [("plain", "plain"), ("", "\"\""), ("two words", "\"two words\""), ("a=b", "\"a=b\"")])
    func `a value is quoted when its end could not be told`(value: String, expected: String) {
        #expect(LogFormat.text.line(event("m", ["k": "\(value)"])).hasSuffix(" m k=\(expected)\n"))
    }
}
