// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import SystemPackage

/// Builds a set of Landlock rules: what is not allowed is refused.
///
/// A rule holds for everything beneath a directory, and cannot be withdrawn. So when a secret lies beneath a directory,
/// its other entries are allowed one by one.
final class AccessRules: Sendable {
    let descriptor: Int32
    private let secrets: [String]

    /// - Parameter secrets: Files and directories that no rule may cover, except rules for themselves or for what lies
    ///   beneath them.
    init(except secrets: [FilePath]) throws(FileFailure) {
        descriptor = stoker_ruleset()
        guard descriptor >= 0 else { throw FileFailure("make", "a set of rules", errno: errno) }
        self.secrets = Set(secrets.compactMap { Self.resolved($0.string) }).sorted()
    }

    deinit { close(descriptor) }

    enum Allowance {
        case reading, writing
    }

    /// Allows a file or directory, except the secrets in it; a secret itself is ignored.
    func allow(_ paths: [FilePath], _ allowance: Allowance) throws(FileFailure) {
        for path in paths {
            guard let path = Self.resolved(path.string) else { continue }
            try allow(resolved: path, allowance)
        }
    }

    /// Allows what belongs to the execution, also inside of the worker's own directories.
    func allowOwn(_ paths: [FilePath], _ allowance: Allowance) throws(FileFailure) {
        for path in paths { try add(path.string, allowance.code) }
    }

    private func allow(resolved path: String, _ allowance: Allowance) throws(FileFailure) {
        if secrets.contains(where: { Self.isBeneath(path, $0) }) { return }
        guard secrets.contains(where: { Self.isBeneath($0, path) }) else { return try add(path, allowance.code) }
        try add(path, Int32(STOKER_ALLOW_LISTING))
        for name in try PrivateFiles.names(in: FilePath(path)) {
            let entry = path == "/" ? "/\(name)" : "\(path)/\(name)"
            var information = stat()
            // A link needs no rule; its target is allowed or not.
            guard lstat(entry, &information) == 0, information.st_mode & S_IFMT != S_IFLNK else { continue }
            try allow(resolved: entry, allowance)
        }
    }

    private func add(_ path: String, _ code: Int32) throws(FileFailure) {
        guard stoker_ruleset_allow(descriptor, path, code) == 0 else { throw FileFailure("allow", FilePath(path)) }
    }

    /// The path without links; `nil` when there is no such file.
    private static func resolved(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func isBeneath(_ path: String, _ directory: String) -> Bool {
        path == directory || directory == "/" || path.hasPrefix("\(directory)/")
    }
}

extension AccessRules.Allowance {
    fileprivate var code: Int32 {
        switch self {
        case .reading: Int32(STOKER_ALLOW_READING)
        case .writing: Int32(STOKER_ALLOW_WRITING)
        }
    }
}

/// The system's files that every program needs, in all common distributions.
enum SystemFiles {
    /// To read and execute. The kernel itself protects other processes' files in `/proc`.
    static let readable: [FilePath] = [
        "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/opt", "/proc", "/sys",
        "/nix/store", "/gnu/store", "/snap", "/run/current-system", "/var/lib/ca-certificates",
        // The targets of /etc/resolv.conf.
        "/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager/resolv.conf",
        "/run/NetworkManager/no-stub-resolv.conf",
    ]
    /// To read and to write.
    static let devices: [FilePath] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"]
}
