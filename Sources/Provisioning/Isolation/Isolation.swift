// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// The isolation of templates from the worker that runs them: `worker.isolation` and the settings beside it.
///
/// A template's program runs in a process of its own, which is restricted for ever before the program begins. It can
/// open only the system's files and those of its own execution (Landlock), gains no privileges, cannot signal processes
/// outside, and runs as another user when the worker runs as root. The worker and its guards hide their own memory and
/// files (``Guard``).
package struct Isolation: Sendable, Hashable {
    /// Whether the isolation may be incomplete.
    package enum Mode: String, Sendable, CaseIterable {
        /// A worker does not start without Landlock.
        case required
        /// The worker uses what the kernel supports.
        case bestEffort = "best_effort"
        /// Templates are trusted like the worker; limits still apply.
        case off
    }

    package var mode: Mode
    /// Further files and directories that templates may read and execute.
    package var readable: [FilePath]
    /// Further files and directories that templates may write to.
    package var writable: [FilePath]
    /// Files and directories that templates never reach: files of secrets, the worker's directories. Relative paths are
    /// relative to the worker's working directory.
    package var secrets: [FilePath]
    /// The user of templates when the worker runs as root.
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
    /// Processes and threads of its user, all of them on this machine together. The kernel does not apply it to root.
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
