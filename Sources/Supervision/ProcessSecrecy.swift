// SPDX-License-Identifier: Apache-2.0

import CLinux

/// Hides this process's secrets from other processes, also from those of its own user.
package enum ProcessSecrecy {
    /// From now on the kernel shows nobody but root this process's environment, memory, descriptors or directories, and lets
    /// nobody trace it. It also writes no core. Child processes that run another program do not inherit it.
    package static func begin() {
        _ = stoker_hide_process()
    }

    /// Overwrites a secret in the command line, which the kernel shows to everybody.
    package static func hide(argument: String) {
        stoker_blot_command_line(argument)
    }
}
