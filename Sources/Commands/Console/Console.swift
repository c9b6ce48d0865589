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

    /// Writes a result in place of everything that the terminal shows.
    static func repaint(_ text: String) throws {
        try write("\u{1b}[H\u{1b}[J" + Printable.text(text), to: .standardOutput)
    }

    private static func write(_ text: String, to descriptor: FileDescriptor) throws {
        try descriptor.writeAll(Array((text + "\n").utf8))
    }
}
