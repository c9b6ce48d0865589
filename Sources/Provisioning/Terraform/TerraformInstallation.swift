// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import Glibc
import Synchronization
package import SystemPackage

/// An installed Terraform or OpenTofu.
package struct TerraformInstallation: Sendable, Hashable {
    package let executable: FilePath
    /// Its own version, such as `1.11.4`.
    package let version: String

    /// Whether Stoker supports the version: 1.1, which first reported drift and replacements in JSON, or newer.
    static func isSupported(_ version: String) -> Bool {
        isVersion(version, atLeast: (1, 1))
    }

    /// Whether a saved plan is applied together with values: since 1.10, which introduced values that no plan stores.
    var takesValuesWithPlan: Bool {
        Self.isVersion(version, atLeast: (1, 10))
    }

    private static func isVersion(_ version: String, atLeast least: (Int, Int)) -> Bool {
        let numbers = version.prefix { $0 != "-" }.split(separator: ".").prefix(2).map { Int($0) }
        guard numbers.count == 2, let major = numbers[0], let minor = numbers[1] else { return false }
        return (major, minor) >= least
    }
}

/// Finds Terraform and asks for its version, once for each file.
final class TerraformLocator: Sendable {
    /// Distinguishes a replaced binary from the one that was asked.
    private struct Identity: Equatable {
        let path: FilePath
        let inode: UInt64
        let changed: Int
    }

    private struct Answer: Decodable {
        let terraformVersion: String

        enum CodingKeys: String, CodingKey {
            case terraformVersion = "terraform_version"
        }
    }

    private let host: ProvisioningHost
    private let binary: FilePath?
    private let known = Mutex<(Identity, TerraformInstallation)?>(nil)

    init(host: ProvisioningHost, binary: FilePath?) {
        self.host = host
        self.binary = binary
    }

    func locate(
        in directory: WorkDirectory,
        control: ExecutionControl
    ) async throws(ProvisioningFailure) -> TerraformInstallation {
        let executable = try find()
        var information = stat()
        stat(executable.string, &information)
        let identity = Identity(
            path: executable,
            inode: UInt64(information.st_ino),
            changed: information.st_mtim.tv_sec
        )
        if let (seen, installation) = known.withLock({ $0 }), seen == identity { return installation }

        let version = try await version(of: executable, in: directory, control: control)
        guard TerraformInstallation.isSupported(version) else {
            throw ProvisioningFailure(
                .failed,
                "\(executable.string) is version \(version); 1.1 or newer is needed. Install it, or set terraform.binary."
            )
        }
        let installation = TerraformInstallation(executable: executable, version: version)
        known.withLock { $0 = (identity, installation) }
        return installation
    }

    private func find() throws(ProvisioningFailure) -> FilePath {
        let path = host.environment["PATH"]
        let names = binary.map { [$0.string] } ?? ["terraform", "tofu"]
        for name in names {
            if let found = ExecutableSearch.find(name, path: path) { return found }
        }
        let message =
            if let binary {
                "terraform.binary is \(binary.string), and there is no program of that name."
            } else {
                "There is neither terraform nor tofu in the worker's PATH. Install one, or set terraform.binary."
            }
        throw ProvisioningFailure(.failed, message)
    }

    private func version(
        of executable: FilePath,
        in directory: WorkDirectory,
        control: ExecutionControl
    ) async throws(ProvisioningFailure) -> String {
        var environment = host.baseEnvironment(directory)
        environment["CHECKPOINT_DISABLE"] = "1"
        // Terraform warns about a missing file on standard output, among the lines of JSON.
        environment["TF_CLI_CONFIG_FILE"] = "/dev/null"
        var command = ChildCommand(
            executable: executable,
            arguments: ["version", "-json"],
            environment: environment,
            directory: directory.path,
            output: .collect(limit: 1 << 20),
            errors: .collect(limit: 1 << 16)
        )
        command.prepares = true
        let result = try await host.runner.run(command, in: directory, control: control)
        guard result.status.isSuccess,
            let answer = try? JSONDecoder().decode(Answer.self, from: Data(result.output))
        else {
            let said = String(decoding: (result.errors + result.output).prefix(500), as: UTF8.self)
            throw ProvisioningFailure(
                .failed,
                "\(executable.string) version -json ended with \(result.status): \(said) Set terraform.binary."
            )
        }
        return answer.terraformVersion
    }
}
