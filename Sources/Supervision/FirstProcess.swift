// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Init for a container. The kernel gives the first process every orphan to reap, and delivers it no signal that it
/// does not handle.
///
/// So the program runs as the only child of a small process, which passes signals on, reaps every child that ends, and
/// exits with the program's status. When the program was killed, its guards first save the states of their builds: if
/// the first process ended, the kernel would kill them.
package enum FirstProcess {
    /// Forks the program off when this process is the first of its container, and returns in the program only. In any
    /// other process it returns at once. The caller must be the only thread.
    package static func stepAside() {
        guard getpid() == 1 else { return }
        let signals = stoker_init_signals()
        guard signals >= 0 else { return }
        var absence: Int32 = -1
        let program = stoker_fork_ward(&absence)
        // The program overwrites the secrets in its own command line; nobody would do it here.
        if program > 0 {
            stoker_blot_arguments()
            exit(untilEnd(of: program, signals, absence))
        }
        // It also runs without a second process: running without init is better than not running.
        close(signals)
        stoker_unblock_signals()
    }

    /// A descriptor that only the program and its guards hold: it tells the first process when the last of them has
    /// ended. -1 in a program that has no such first process.
    package static var presence: Int32 { stoker_presence() }

    private static func untilEnd(of program: pid_t, _ signals: Int32, _ absence: Int32) -> Int32 {
        var code: Int32?
        while true {
            for (ended, status) in reaped() where ended == program { code = exitCode(status) }
            // Guards end with their leases at the latest. Processes that a build leaves behind do not hold the
            // descriptor.
            let awaited = code == nil ? [signals] : [signals, absence]
            var waiting = awaited.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            poll(&waiting, nfds_t(waiting.count), -1)
            if let code, waiting[1].revents != 0 { return code }
            while case let number = stoker_next_signal(signals), number != 0 {
                if number != SIGCHLD, code == nil { kill(program, number) }
            }
        }
    }

    /// Reaps every child that has ended by now: the program, or an orphan that this process was given.
    private static func reaped() -> [(process: pid_t, status: Int32)] {
        var ended: [(pid_t, Int32)] = []
        var status: Int32 = 0
        while case let process = waitpid(-1, &status, WNOHANG), process > 0 { ended.append((process, status)) }
        return ended
    }

    /// The exit status as a shell reports it.
    private static func exitCode(_ status: Int32) -> Int32 {
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal
    }
}
