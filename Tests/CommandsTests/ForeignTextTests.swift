// SPDX-License-Identifier: Apache-2.0

import Basics
import CurlClient
import Domain
import FoundationEssentials
import HTTPTypes
import Testing
import Time

@testable import Commands
@testable import Store

/// What templates and servers say, on its way to a terminal.
@Suite struct ForeignTextTests {
    private static let hostile = "\u{1b}]0;title\u{7}\r\n\u{9b}2J\u{202e}"

    private static func isHarmless(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { Printable.isPrintable($0) || $0 == "\n" || $0 == "\t" }
    }

    @Test func `a line of a log is one line, whatever its stage and text hold`() {
        let line = StoredLogLine(
            id: 1,
            attempt: 1,
            at: Instant(seconds: 0),
            source: OpenEnum(.provisioner),
            level: OpenEnum(.info),
            stage: Self.hostile,
            output: "x" + Self.hostile
        )
        let shown = LogPrinter.text(line)
        #expect(Self.isHarmless(shown) && !shown.contains("\n"), "\(shown)")
    }

    @Test func `JSON keeps exact values, and none of them is printed as it is`() throws {
        let text = try JSONText.line(["name": Self.hostile])
        #expect(Self.isHarmless(text) && !text.contains("\n"), "\(text)")
        #expect(try JSONDecoder().decode([String: String].self, from: Data(text.utf8)) == ["name": Self.hostile])
        let pretty = try JSONText.pretty(["name": Self.hostile])
        #expect(try JSONDecoder().decode([String: String].self, from: Data(pretty.utf8)) == ["name": Self.hostile])
    }

    @Test func `a server's problem makes no lines of its own`() throws {
        let problem = try JSONText.line([
            "title": "t", "detail": "no" + Self.hostile, "remedy": "x\nstoker: all is well",
        ])
        let error = CommandError.problem(409, Array(problem.utf8), from: try EndpointURL("https://stoker.example"))
        let text = Printable.text(ErrorReport(error).text)
        #expect(Self.isHarmless(text) && text.split(separator: "\n").count == 1, "\(text)")
    }
}
