// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A failed system call, by its `errno`.
package struct SystemError: Error, Hashable, CustomStringConvertible {
    package let code: Int32

    package init(_ code: Int32) {
        self.code = code
    }

    /// The system's message.
    package var description: String {
        strerror(code).map { String(cString: $0) } ?? "error \(code)"
    }
}
