// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// What a newcomer does with the README beside them, with the built binary and a database of its own.
@Suite struct FirstHourTests {
    private static let repository = FilePath("\(#filePath)").removingLastComponent().appending("../..")
        .lexicallyNormalized()

    /// The commands of the README's tour.
    private static var tour: [String] {
        get throws {
            let text = try String(contentsOfFile: repository.appending("README.md").string, encoding: .utf8)
            let tour = try #require(text.split(separator: "\n## ").first { $0.hasPrefix("Two minutes") })
            return tour.split(separator: "\n").filter { $0.hasPrefix("$ ") }.map { String($0.dropFirst(2)) }
        }
    }

    @Test(.timeLimit(.minutes(5)), arguments: [false, true])
    func `the tour works as it is printed, with and without Terraform`(hasTerraform: Bool) async throws {
        let place = try await Place(hasTerraform: hasTerraform)
        let commands = try Self.tour
        #expect(commands.count == 5)
        let first = try await place.up { banner in
            for command in commands { try await place.succeeds(command) }
            #expect(banner.contains { $0.contains("export PATH=") })
            return banner
        }
        let examples = hasTerraform ? ["process-local", "terraform-local"] : ["process-local"]
        #expect(Place.claimed(in: first) == examples)
        #expect(first.contains { $0.hasPrefix("Neither terraform nor tofu") } == !hasTerraform)
        #expect(first.contains("  stoker users add alice"))

        // The second start finds what the first has left, and says what works then.
        let second = try await place.up { banner in
            for command in Place.commands(in: banner) { try await place.succeeds(command) }
            return banner
        }
        #expect(Place.claimed(in: second) == examples)
        #expect(!second.contains("  stoker users add alice"))
        let script = place.home.appending(".local/share/bash-completion/completions/stoker")
        #expect(FileManager.default.contents(atPath: script.string)?.isEmpty == false)
    }
}

extension FirstHourTests {
    /// A home and a PATH of a newcomer.
    private struct Place {
        let home: FilePath
        private let environment: [String: String?]

        init(hasTerraform: Bool) async throws {
            home = try await TestArea.shared.makeDirectory("home")
            var path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
            if !hasTerraform { path = try Self.withoutTerraform(path, below: home) }
            environment = [
                "HOME": home.string,
                "PATH": path,
                "SHELL": "/bin/bash",
                "STOKER_DATA_DIRECTORY": home.appending("data").string,
                "STOKER_DATABASE_URL": nil,
                "STOKER_CONFIG": nil,
                "STOKER_HTTP_ADDRESS": "127.0.0.1:0",
                "XDG_DATA_HOME": nil,
                "TF_CLI_CONFIG_FILE": nil,
            ]
        }

        /// Directories of links stand for those that hold a Terraform.
        private static func withoutTerraform(_ path: String, below home: FilePath) throws -> String {
            let files = FileManager.default
            let directories = try path.split(separator: ":").enumerated().map { number, directory in
                guard ["terraform", "tofu"].contains(where: { files.fileExists(atPath: "\(directory)/\($0)") }) else {
                    return String(directory)
                }
                let links = home.appending("path-\(number)").string
                try files.createDirectory(atPath: links, withIntermediateDirectories: true)
                for name in try files.contentsOfDirectory(atPath: "\(directory)")
                where !["terraform", "tofu"].contains(name) {
                    try files.createSymbolicLink(
                        atPath: "\(links)/\(name)",
                        withDestinationPath: "\(directory)/\(name)"
                    )
                }
                return links
            }
            return directories.joined(separator: ":")
        }

        /// Performs the body while `stoker up` runs; it gets the lines of the banner.
        func up<Result>(_ body: ([String]) async throws -> Result) async throws -> Result {
            let up = try await RunningProcess.start(BuiltProduct.stoker, ["up"], environment: environment)
            _ = try await up.line("the banner", within: .seconds(120)) { $0.text.hasPrefix("Ctrl-C") }
            let result = try await body(up.text(of: .standardOutput))
            up.send(.interrupt)
            #expect(try await up.exit(within: .seconds(60)).isSuccess)
            return result
        }

        /// Runs a command line as a shell does, with `stoker` in PATH.
        func succeeds(_ command: String) async throws {
            var own = environment
            let directory = try BuiltProduct.stoker.removingLastComponent()
            own["PATH"] = "\(directory):\((environment["PATH"] ?? nil) ?? "")"
            let outcome = try await RunningProcess.outcome(
                of: "/bin/sh",
                ["-c", "cd '\(home)' && \(command)"],
                environment: own,
                within: .seconds(120)
            )
            #expect(outcome.status.isSuccess, "\(command): \(outcome.standardError)")
        }

        /// What a banner says to type, the variables for another terminal aside.
        static func commands(in banner: [String]) -> [String] {
            banner.filter { $0.hasPrefix("  stoker ") && !$0.hasSuffix(" DIR") }.map { String($0.dropFirst(2)) }
        }

        /// The templates that a banner says to claim.
        static func claimed(in banner: [String]) -> [String] {
            commands(in: banner).filter { $0.hasPrefix("stoker claim ") }
                .compactMap { $0.split(separator: " ").dropFirst(2).first.map(String.init) }
        }
    }
}
