// SPDX-License-Identifier: Apache-2.0

package import Subprocess
package import SystemPackage

/// Prometheus' own validation of metrics text.
package enum Promtool {
    package struct Verdict: Equatable, Sendable {
        package let status: TerminationStatus
        package let complaints: String

        package static let fine = Verdict(status: .exited(0), complaints: "")
    }

    /// `nil`: it is not installed (Debian's package `prometheus`).
    package static var path: FilePath? {
        ["/usr/bin/promtool", "/usr/local/bin/promtool"].first { access($0) }
    }

    package static func check(_ text: String) async throws -> Verdict {
        let result = try await Subprocess.run(
            .path(path ?? "promtool"),
            arguments: ["check", "metrics"],
            input: .string(text),
            output: .string(limit: 1 << 20),
            error: .combinedWithOutput
        )
        return Verdict(status: result.terminationStatus, complaints: result.standardOutput)
    }

    private static func access(_ path: FilePath) -> Bool {
        (try? FileDescriptor.open(path, .readOnly).close()) != nil
    }
}
