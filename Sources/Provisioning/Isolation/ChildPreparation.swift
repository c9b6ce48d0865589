// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import SystemPackage

/// The parts of one child's isolation that are made before it is started.
struct ChildPreparation {
    let confinement: Confinement
    /// `nil` without Landlock.
    let rules: AccessRules?

    /// Makes the rules, and gives the files that the child works with to its user. Blocks.
    ///
    /// - Parameter root: The worker's work directory.
    init(
        _ command: ChildCommand,
        in directory: WorkDirectory,
        _ isolation: Isolation,
        root: FilePath
    ) throws(FileFailure) {
        let state = IsolationState(isolation, workDirectory: root)
        guard state.isSufficient else { throw FileFailure("restrict", command.executable.string, errno: EOPNOTSUPP) }
        var confinement = Confinement()
        confinement.gainsNothing = isolation.mode != .off
        confinement.hasRules = state.restrictsFiles
        confinement.limits = isolation.limits
        if state.changesUser == true {
            let identity = isolation.user.identity(of: command.tenant(in: directory))
            confinement.identity = identity
            confinement.mask = 0o022
            try Self.handOver(command, directory, root: root, to: identity)
        }
        self.confinement = confinement
        rules = state.restrictsFiles ? try Self.rules(command, directory, isolation, root: root) : nil
    }

    private static func rules(
        _ command: ChildCommand,
        _ directory: WorkDirectory,
        _ isolation: Isolation,
        root: FilePath
    ) throws(FileFailure) -> AccessRules {
        let rules = try AccessRules(except: isolation.secrets + [root])
        try rules.allow(SystemFiles.readable + command.searched + isolation.readable, .reading)
        try rules.allow(SystemFiles.devices + isolation.writable, .writing)
        try rules.allowOwn([root.appending("cache").appending("plugins")], .reading)
        // The template's own link is among its files; its target is not examined.
        if !command.executable.starts(with: directory.path) { try rules.allowOwn([command.executable], .reading) }
        try rules.allowOwn([directory.path, directory.temporaryDirectory] + command.writes, .writing)
        return rules
    }

    /// The user can pass through the worker's directories without listing them; it owns the files that it works with.
    private static func handOver(
        _ command: ChildCommand,
        _ directory: WorkDirectory,
        root: FilePath,
        to identity: TemplateUser.Identity
    ) throws(FileFailure) {
        let passages = ([directory.path] + command.writes).flatMap { Self.ancestors(of: $0, in: root) }
        for passage in Set(passages) {
            guard chmod(passage.string, 0o711) == 0 else { throw FileFailure("open", passage) }
        }
        _ = chmod(root.appending("cache").appending("plugins").string, 0o755)
        for path in [directory.path, directory.temporaryDirectory] + command.writes {
            // Not the lock file, which shows the worker whether the execution lives, where it is among the others.
            try give(path, to: identity, deep: false, except: "lock")
        }
        guard directory.isFirstHandOver(of: command.directory, to: identity) else { return }
        try give(command.directory, to: identity, deep: command.directory != directory.path)
    }

    /// The worker's directories on the path.
    private static func ancestors(of path: FilePath, in root: FilePath) -> [FilePath] {
        guard path.starts(with: root) else { return [] }
        var ancestors: [FilePath] = []
        var path = path
        while path != root, path.removeLastComponent() { ancestors.append(path) }
        return ancestors
    }

    private static func give(
        _ path: FilePath,
        to identity: TemplateUser.Identity,
        deep: Bool,
        except: String? = nil
    ) throws(FileFailure) {
        guard stoker_hand_over(path.string, identity.user, identity.group, deep ? 1 : 0, except) == 0 else {
            throw FileFailure("hand over", path)
        }
    }
}

extension ChildCommand {
    /// The workspace of the build. Trusted programs that prepare a template for all workspaces have no tenant.
    fileprivate func tenant(in directory: WorkDirectory) -> String? {
        if prepares { return nil }
        return environment["STOKER_WORKSPACE_ID"] ?? directory.path.lastComponent?.string ?? ""
    }

    /// Where its environment says that programs and certificates are.
    fileprivate var searched: [FilePath] {
        let directories = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let certificates = ["SSL_CERT_FILE", "SSL_CERT_DIR"].compactMap { environment[$0] }
        return (directories + certificates).filter { $0.hasPrefix("/") }.map { FilePath($0) }
    }
}
