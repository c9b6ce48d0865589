// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// A descriptor (an eventfd) that wakes a sleeping `poll`. It stays open as long as anyone can signal it.
package final class WakeUp: Sendable {
    /// Readable after ``signal()`` until ``drain()``.
    package let descriptor: Int32

    /// Throws if the process may open no more descriptors.
    package init() throws(SystemError) {
        descriptor = stoker_eventfd()
        guard descriptor >= 0 else { throw SystemError(errno) }
    }

    deinit { close(descriptor) }

    /// Ends the current sleep, or the next one. Safe from any thread.
    package func signal() { stoker_eventfd_signal(descriptor) }

    /// Clears past signals.
    package func drain() { stoker_eventfd_drain(descriptor) }
}
