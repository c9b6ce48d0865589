// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import SystemPackage

/// The parts of an ``Isolation`` that are in force on this machine, in this process.
package struct IsolationState: Sendable, Hashable {
    /// The kernel's version of Landlock; 0: not available.
    package let landlock: Int
    /// Whether templates can open only their own files.
    package let restrictsFiles: Bool
    /// Whether templates cannot signal processes outside.
    package let restrictsSignals: Bool
    /// Whether no other process can inspect this one.
    package let isHidden: Bool
    /// Whether templates run as another user than this process; `nil`: not needed, because it is not root.
    package let changesUser: Bool?
    /// Why a worker that runs as root also runs templates as root.
    package let userObstacle: String?

    let mode: Isolation.Mode

    package init(_ isolation: Isolation, workDirectory: FilePath) {
        mode = isolation.mode
        landlock = Int(stoker_landlock_version())
        restrictsFiles = mode != .off && landlock >= Int(STOKER_LANDLOCK_OLDEST)
        restrictsSignals = mode != .off && landlock >= Int(STOKER_LANDLOCK_SCOPES)
        isHidden = stoker_is_hidden() == 1
        guard geteuid() == 0 else {
            (changesUser, userObstacle) = (nil, nil)
            return
        }
        userObstacle = Self.obstacle(isolation, workDirectory)
        changesUser = userObstacle == nil
    }

    /// The missing parts, in sentences for people.
    package var gaps: [String] {
        guard mode != .off else { return ["worker.isolation is off: templates can read what the worker can"] }
        var gaps: [String] = []
        if !restrictsFiles {
            let found = landlock == 0 ? "the kernel has no Landlock" : "the kernel's Landlock is too old"
            gaps.append("\(found) (Linux 5.19 and newer): templates can read the files of their user")
        } else if !restrictsSignals {
            gaps.append("the kernel is older than Linux 6.12: templates can end processes of their user")
        }
        if let userObstacle { gaps.append("templates run as root, for \(userObstacle)") }
        return gaps
    }

    /// Whether `worker.isolation: required` is met.
    package var isSufficient: Bool { mode != .required || restrictsFiles && changesUser != false }

    private static func obstacle(_ isolation: Isolation, _ workDirectory: FilePath) -> String? {
        guard isolation.mode != .off else { return "worker.isolation is off" }
        let identity = isolation.user.identity(of: nil)
        if identity.user == 0 { return "worker.template_user says so" }
        guard identity.isPossible else {
            return "this container may not become user \(identity.user) (capabilities, or its range of users)"
        }
        // Directories made below it are opened to templates; those above it do not belong to the worker.
        var ancestor = workDirectory
        while ancestor.removeLastComponent() {
            var information = stat()
            guard stat(ancestor.string, &information) == 0 else { continue }
            if information.st_mode & S_IXOTH == 0 { return "no other user can pass through \(ancestor)" }
        }
        return nil
    }
}
