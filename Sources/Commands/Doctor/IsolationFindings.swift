// SPDX-License-Identifier: Apache-2.0

import Glibc
import Provisioning

/// The check of a worker's isolation, if it ran here and as this user.
struct IsolationFindings {
    private let isolation: Isolation
    private let state: IsolationState

    init(_ host: ProvisioningHost) {
        isolation = host.isolation
        state = host.isolationState
    }

    var all: [Finding] { [files, secrecy, user, limits] }

    private var files: Finding {
        let check = "isolation"
        let version = state.landlock == 0 ? "none" : "version \(state.landlock)"
        guard isolation.mode != .off else {
            return Finding(
                check,
                .warning,
                "worker.isolation is off: templates can read what the worker can (Landlock: \(version))",
                remedy: "Set it to best_effort or required."
            )
        }
        guard state.restrictsFiles else {
            return Finding(
                check,
                state.isSufficient ? .warning : .failed,
                "this kernel has no usable Landlock (\(version)): templates can read the files of their user",
                remedy: "Use Linux 5.19 or newer with 'landlock' among its security modules."
            )
        }
        let files =
            "templates can open only the system's files and their own, and gain no privileges (Landlock: \(version))"
        guard state.restrictsSignals else {
            return Finding(check, .ok, "\(files); they can end processes of their user (Linux 6.12 prevents that)")
        }
        return Finding(check, .ok, "\(files); they can signal only their own processes")
    }

    private var secrecy: Finding {
        guard state.isHidden else {
            return Finding("secrecy", .failed, "other processes of this user can inspect the worker")
        }
        return Finding("secrecy", .ok, "no other process can inspect or trace the worker and its guards")
    }

    private var user: Finding {
        let check = "template user"
        switch state.changesUser {
        case nil:
            return Finding(check, .ok, "templates run as this user (\(geteuid())), who is not root")
        case true?:
            guard case .account(let user, _) = isolation.user else {
                return Finding(check, .ok, "each workspace has a user of its own, because this one is root")
            }
            return Finding(check, .ok, "templates run as user \(user)")
        case false?:
            return Finding(
                check,
                state.isSufficient ? .warning : .failed,
                "templates run as root, for \(state.userObstacle ?? "")",
                remedy: "Run the worker as a user that is not root, or remove the obstacle."
            )
        }
    }

    private var limits: Finding {
        let limits = isolation.limits
        func shown(_ limit: Int?, _ unit: String) -> String { limit.map { "\($0) \(unit)" } ?? "any number of \(unit)" }
        let text = [
            shown(limits.processes, "processes of their user"), shown(limits.openFiles, "open files"),
            limits.fileSize.map { "\(SizeNotation.write($0)) a file" } ?? "files of any size",
        ]
        return Finding("template limits", .ok, "\(text.joined(separator: ", ")), no core files")
    }
}
