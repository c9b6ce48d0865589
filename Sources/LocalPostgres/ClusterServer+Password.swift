// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SystemPackage

extension ClusterServer {
    /// Whether the server is started with Stoker's own authentication rules.
    func asksForPassword(_ overrides: [String: String]) -> Bool {
        overrides[ClusterSettings.clientAuthentication] == nil
    }

    /// Whether the superuser has a password that is on disk.
    var hasPassword: Bool { FileManager.default.fileExists(atPath: layout.passwordFile.string) }

    /// Writes the authentication rules, and sets the superuser's password unless it has one, while no server runs.
    func setPassword() async throws {
        try write(ClusterSettings.clientAuthenticationText, to: layout.clientAuthentication)
        guard !hasPassword else { return }
        let password = (0..<4).map { _ in String(UInt64.random(in: 0 ... .max), radix: 16) }.joined()
        // No server runs, so nobody has to be let in first.
        let answer = try await Tool.run(
            installation.program("postgres"),
            ["--single", "-D", "data", "-c", "exit_on_error=on", "-c", "logging_collector=off", "postgres"],
            as: directories.account,
            in: layout.root,
            input: "ALTER ROLE \(LocalCluster.superuser) PASSWORD '\(password)'\n",
            within: startLimit
        )
        guard answer.succeeded else { throw failure("setting the password", answer) }
        // The file comes last: without it, the next start sets another password.
        try write("*:*:*:\(LocalCluster.superuser):\(password)\n", to: layout.passwordFile)
    }
}
