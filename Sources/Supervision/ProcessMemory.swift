// SPDX-License-Identifier: Apache-2.0

import CLinux

/// The memory of this process.
package enum ProcessMemory {
    /// Unmaps the code that the start has run, since most of it is never run again. It costs some page faults, and
    /// saves a long-lived process a third of its resident memory.
    package static func forgetStart() {
        stoker_forget_start()
    }
}
