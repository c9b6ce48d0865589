// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// What keeps templates away from the worker that runs them: `worker.isolation` and what belongs to it.
///
/// A template's program runs in a process of its own, and that process is restricted for ever before the program begins:
/// it opens no file but the system's and its own execution's (Landlock), gains no privileges, signals nobody outside, and
/// where the worker is root's, it is another user's. The worker and its guards hide what is theirs (``Guard``).
package struct Isolation: Sendable, Hashable {
    /// Whether it may be missing.
    package enum Mode: String, Sendable, CaseIterable {
        /// A worker does not start without Landlock.
        case required
        /// What the kernel has is used.
        case bestEffort = "best_effort"
        /// Templates are trusted as the worker is; limits hold all the same.
        case off
    }

    package var mode: Mode
    /// Files and directories that templates may read and execute, beside the system's.
    package var readable: [FilePath]
    /// Those that they may write to as well.
    package var writable: [FilePath]
    /// What is never theirs, wherever it lies: files of secrets, the worker's directories. Relative paths are the worker's.
    package var secrets: [FilePath]
    /// Who they are when the worker is root's.
    package var user: TemplateUser
    package var limits: ChildLimits

    package init(
        mode: Mode = .bestEffort,
        readable: [FilePath] = [],
        writable: [FilePath] = [],
        secrets: [FilePath] = [],
        user: TemplateUser = .own,
        limits: ChildLimits = ChildLimits()
    ) {
        self.mode = mode
        self.readable = readable
        self.writable = writable
        self.secrets = secrets
        self.user = user
        self.limits = limits
    }
}

/// Limits of each program that a template runs (setrlimit(2)); `nil`: the worker's own.
package struct ChildLimits: Sendable, Hashable {
    /// Processes and threads of its user, all of them on this machine together. The kernel does not hold root to it.
    package var processes: Int?
    /// Descriptors of each process.
    package var openFiles: Int?
    /// Bytes of each file that is written.
    package var fileSize: Int?

    package init(processes: Int? = nil, openFiles: Int? = nil, fileSize: Int? = nil) {
        self.processes = processes
        self.openFiles = openFiles
        self.fileSize = fileSize
    }
}
