// SPDX-License-Identifier: Apache-2.0

import SystemPackage

/// Where commands write: results on standard output, everything else on standard error.
enum Console {
    /// Writes a result, and ends its line.
    static func print(_ text: String) throws {
        try FileDescriptor.standardOutput.writeAll(Array((text + "\n").utf8))
    }

    /// Tells the person at the terminal something that is not the result.
    static func note(_ text: String) throws {
        try FileDescriptor.standardError.writeAll(Array((text + "\n").utf8))
    }
}
