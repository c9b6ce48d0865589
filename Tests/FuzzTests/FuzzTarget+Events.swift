// SPDX-License-Identifier: Apache-2.0

import Basics
import CurlClient
import HTTPTypes
import Telemetry

@testable import Commands

/// What a server answers to a command.
extension FuzzTarget {
    static let events = FuzzTarget(
        name: "events",
        words: [
            "\n\n", "\n", "data: ", "id: ", "event: end\n", ":\n\n", "\r\n\r\n", #"{"title":"#, #""detail":"#,
            "\u{1b}]0;", "}",
        ]
    ) { bytes in
        func events(by size: Int) throws -> [EventReader.Event] {
            var reader = EventReader()
            var events: [EventReader.Event] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                events += try reader.take(Array(bytes[start..<min(start + size, bytes.count)]))
            }
            return events
        }
        try hold(try events(by: max(bytes.count, 1)) == events(by: 3), "events depend on how the stream is cut")
        let problem = CommandError.problem(400, bytes, from: try EndpointURL("https://stoker.example"))
        let shown = Printable.text(ErrorReport(problem).text)
        try hold(
            shown.unicodeScalars.allSatisfy { Printable.isPrintable($0) || $0 == "\n" || $0 == "\t" },
            "it reaches the terminal"
        )
        try hold(shown.split(separator: "\n").allSatisfy { $0.hasPrefix("error: ") }, "a line that is no error")
        try hold(Printable.text(shown) == shown, "what is printable is changed")
    }
}
