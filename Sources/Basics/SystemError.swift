// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What a call of the system has refused, by its `errno`.
package struct SystemError: Error, Hashable, CustomStringConvertible {
    package let code: Int32

    package init(_ code: Int32) {
        self.code = code
    }

    /// What the system says about it.
    package var description: String {
        strerror(code).map { String(cString: $0) } ?? "error \(code)"
    }
}
