// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Operations
import Server
import SystemPackage

/// The output of `stoker up` once everything runs: the addresses, and what to try next with what is there.
struct UpBanner {
    let http: HTTPAddress
    /// A token for the console, which is valid while this process runs.
    let consoleToken: TokenSecret
    let directory: DataDirectory
    let settings: Settings
    /// The examples that this start has pushed.
    let pushed: [ExampleTemplate]
    /// Whether templates of the provisioner `terraform` can be built here.
    let hasTerraform: Bool
    let steps: FirstSteps

    var text: String {
        [
            "Stoker is up: http://\(http)",
            """
            The console, with a token for it while this runs:
              http://\(http)/#\(consoleToken.text)
            """,
            examples,
            "Try next, in another terminal:\n" + Self.block(surroundings + ["stoker status"] + steps.commands),
            "A template of your own:\n"
                + Self.block(["stoker templates init my-template", "stoker templates push my-template"]),
            "Completions of commands and options for your shell:\n" + Self.block(["stoker completions install"]),
            """
            Ctrl-C stops everything that was started here. What was built stays in
            \(directory.path) for the next start.
            """,
        ].compactMap(\.self).joined(separator: "\n\n")
    }

    /// What was pushed, and how to get what was not.
    private var examples: String? {
        var sentences: [String] = []
        if !pushed.isEmpty {
            let names = pushed.map { "\($0.rawValue) (\($0.means))" }.joined(separator: " and ")
            sentences.append("Pushed \(pushed.count == 1 ? "the example" : "the examples") \(names).")
        }
        if !hasTerraform {
            sentences.append(
                """
                Neither terraform nor tofu is in PATH, so that templates of Terraform cannot be built here.
                Get one: https://developer.hashicorp.com/terraform/install or https://opentofu.org/docs/intro/install
                """
            )
        }
        return sentences.isEmpty ? nil : sentences.joined(separator: "\n")
    }

    /// What another terminal needs before it can do the same.
    private var surroundings: [String] {
        var commands: [String] = []
        if let directory = Host.ownDirectory, !Host.isOnPath(environment: settings.environment) {
            commands.append("export PATH=\"\(directory):$PATH\"")
        }
        if settings.entry(of: SettingKey[\.databaseURL]) != nil {
            commands.append("export STOKER_DATABASE_URL=...   # as here")
        } else if settings.entry(of: SettingKey[\.dataDirectory]) != nil {
            commands.append("export STOKER_DATA_DIRECTORY=\(directory.path)")
        }
        return commands
    }

    private static func block(_ commands: [String]) -> String {
        commands.map { "  \($0)" }.joined(separator: "\n")
    }
}
