// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Subprocess
import SystemPackage
import TestSupport

/// The program schemathesis of the Python environment that the tests' receivers run in.
enum Schemathesis {
    private static var program: FilePath? {
        let python = ProcessInfo.processInfo.environment["STOKER_TEST_PYTHON"].map { FilePath($0) }
        return python?.removingLastComponent().appending("schemathesis")
    }

    static var isInstalled: Bool {
        program.map { FileManager.default.isExecutableFile(atPath: $0.string) } ?? false
    }

    /// Runs it on a description with a few examples for each operation. `STOKER_TEST_EXAMPLES` names another number, and has
    /// it try sequences of requests as well.
    static func run(url: String, token: String) async throws -> RunningProcess.Outcome {
        let wanted = ProcessInfo.processInfo.environment["STOKER_TEST_EXAMPLES"]
        let phases = "examples,coverage,fuzzing" + (wanted == nil ? "" : ",stateful")
        let settings = FilePath("\(#filePath)").removingLastComponent().appending("schemathesis.toml")
        return try await RunningProcess.outcome(
            of: program ?? "schemathesis",
            [
                "--config-file", settings.string, "run", url, "--max-examples", wanted ?? "3", "--seed", "1",
                // Python 3.11 has one depth for the syntax trees of all threads, and fails when two of them build some.
                "--phases", phases, "--workers", "1",
                "--header", "Authorization: Bearer \(token)", "--no-color",
            ],
            within: .seconds(300)
        )
    }
}
