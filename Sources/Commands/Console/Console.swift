// SPDX-License-Identifier: Apache-2.0

import Basics
import SystemPackage

/// Where commands write: results on standard output, everything else on standard error, and printable text alone, whoever it
/// comes from and wherever it goes.
enum Console {
    /// Writes a result, and ends its line.
    static func print(_ text: String) throws {
        try write(Printable.text(text), to: .standardOutput)
    }

    /// Tells the person at the terminal something that is not the result.
    static func note(_ text: String) throws {
        try write(Printable.text(text), to: .standardError)
    }

    /// Writes a result in the place of all that the terminal shows.
    static func repaint(_ text: String) throws {
        try write("\u{1b}[H\u{1b}[J" + Printable.text(text), to: .standardOutput)
    }

    private static func write(_ text: String, to descriptor: FileDescriptor) throws {
        try descriptor.writeAll(Array((text + "\n").utf8))
    }
}
