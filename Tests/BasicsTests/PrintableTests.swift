// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@Suite struct PrintableTests {
    /// ESC, CR, a C1 control (CSI), DEL, an override of the direction, a zero width space, a separator of lines, a tag.
    private static let hostile = "a\u{1b}[2J\r\u{9b}1m\u{7f}\u{202e}\u{200b}\u{2028}\u{e0041}z"
    private static let shown = #"a\u001b[2J\r\u009b1m\u007f\u202e\u200b\u2028\udb40\udc41z"#

    @Test func `what moves a cursor or hides text is shown, not done`() {
        #expect(Printable.text(Self.hostile) == Self.shown)
        #expect(Printable.line(Self.hostile) == Self.shown)
        #expect(Printable.text("one\n\ttwo") == "one\n\ttwo")
        #expect(Printable.line("one\n\ttwo") == "one\\n\ttwo")
    }

    @Test func `what people write stays`() {
        let text = "Grüße, 你好, שלום, नमस्ते, می\u{200c}خواهم, 👩\u{200d}💻, ✓"
        #expect(Printable.line(text) == text)
    }
}
