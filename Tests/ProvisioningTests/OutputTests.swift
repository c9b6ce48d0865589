// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Provisioning

@Suite struct LineSplitterTests {
    private func split(_ chunks: [String], limit: Int = 8, objects: Int = 8) -> [OutputLine] {
        var splitter = LineSplitter(limit: LineLimit(any: limit, object: objects))
        var lines: [OutputLine] = []
        for chunk in chunks {
            Array(chunk.utf8).withUnsafeBytes { chunk in splitter.take(chunk) { lines.append($0) } }
        }
        splitter.finish { lines.append($0) }
        return lines
    }

    private func line(_ text: String, omitted: Int = 0) -> OutputLine {
        OutputLine(bytes: Array(text.utf8), omitted: omitted)
    }

    @Test func `chunks need not end where lines do`() {
        #expect(split(["a\nb", "c\n", "\nd"]) == [line("a"), line("bc"), line(""), line("d")])
        #expect(split(["a\r\n", "b\r", "\n"]) == [line("a"), line("b")])
        #expect(split([]) == [])
    }

    @Test func `a long line is cut and its rest counted`() {
        #expect(
            split(["12345678\n", "1234", "56789", "0\n", "x"]) == [
                line("12345678"), line("12345678", omitted: 2), line("x"),
            ]
        )
    }

    @Test func `a line that may be a message has a limit of its own`() {
        #expect(
            split(["{12345", "6789}\n12345", "67890\n"], objects: 11) == [
                line("{123456789}"), line("12345678", omitted: 2),
            ]
        )
        #expect(split(["{12345", "6789}\n"], objects: 10) == [line("{123456789", omitted: 1)])
    }

    @Test func `text says what was cut, and holds nothing that a database refuses`() {
        #expect(line("ab", omitted: 3).text == "ab... (3 more bytes in this line)")
        #expect(OutputLine(bytes: [0x61, 0x00, 0xff]).text == "a\u{FFFD}\u{FFFD}")
    }
}
