// SPDX-License-Identifier: Apache-2.0

import Basics
import SystemPackage

/// The output of commands: results on standard output, everything else on standard error, and only printable text.
enum Console {
    /// Writes a result, with a line end.
    static func print(_ text: String) throws {
        try write(Printable.text(text), to: .standardOutput)
    }

    /// Writes a note for the person at the terminal.
    static func note(_ text: String) throws {
        try write(Printable.text(text), to: .standardError)
    }

    /// Says that a list goes on.
    static func noteCut(at limit: Int) throws {
        try note("There are more than \(limit): narrow the list, or give a larger --limit.")
    }

    /// Writes a result in place of everything that the terminal shows, as much as fits.
    ///
    /// Each line is cleared to its end and the rest below, so that nothing flickers (ECMA-48).
    static func repaint(_ text: String, on screen: TerminalSize) throws {
        let lines = fitting(Printable.text(text), screen).map { "\($0)\u{1b}[K" }
        try FileDescriptor.standardOutput.writeAll(
            Array(("\u{1b}[H" + lines.joined(separator: "\n") + "\u{1b}[J").utf8)
        )
    }

    /// The lines of a text that a screen has room for: long ones are cut, and the last says how many there are besides.
    static func fitting(_ text: String, _ screen: TerminalSize) -> [String] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.count <= screen.columns ? String(line) : line.prefix(screen.columns - 1) + ">"
        }
        guard lines.count > screen.rows else { return lines }
        let shown = lines.prefix(max(screen.rows - 1, 0))
        let rest = "... \(lines.count - shown.count) more lines: 'stoker status' prints all"
        return shown + [String(rest.prefix(screen.columns))]
    }

    /// Asks a question that is answered with yes or no; no without a terminal.
    static func confirms(_ question: String) throws -> Bool {
        guard Host.canAsk else { return false }
        try FileDescriptor.standardError.writeAll(Array((Printable.text(question) + " [y/N] ").utf8))
        return ["y", "yes"].contains(readLine()?.lowercased() ?? "")
    }

    private static func write(_ text: String, to descriptor: FileDescriptor) throws {
        try descriptor.writeAll(Array((text + "\n").utf8))
    }
}
