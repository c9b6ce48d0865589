// SPDX-License-Identifier: Apache-2.0

import CLinux

/// The memory of this process.
package enum ProcessMemory {
    /// Lets go of the code that its start has run, most of which is never run again. Costs some page faults, and saves a
    /// long-lived process a third of its resident memory.
    package static func forgetStart() {
        stoker_forget_start()
    }
}
