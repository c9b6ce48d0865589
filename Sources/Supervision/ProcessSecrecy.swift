// SPDX-License-Identifier: Apache-2.0

import CLinux

/// Keeps what this process knows from other processes, those of its own user too.
package enum ProcessSecrecy {
    /// From now on the kernel shows nobody but root this process's environment, memory, descriptors or directories, and lets
    /// nobody trace it. It also writes no core. Child processes that run another program do not inherit it.
    package static func begin() {
        _ = stoker_hide_process()
    }

    /// Takes a secret out of the command line, which the kernel goes on showing to everybody.
    package static func hide(argument: String) {
        stoker_blot_command_line(argument)
    }
}
