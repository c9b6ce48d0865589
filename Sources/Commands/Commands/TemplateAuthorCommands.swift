// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Domain
import FoundationEssentials
import Operations
import Templates

extension TemplatesCommand {
    struct Init: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write the start of a template, with comments, that can be pushed as it is.",
            discussion: """
                Without --terraform and --process, it is a Terraform module where Terraform or OpenTofu is in PATH, else a \
                shell script. Existing files are not replaced.
                """
        )

        @Argument(help: "The template's directory; it is made if it is missing.")
        var directory: String

        @Flag(help: "A Terraform module.")
        var terraform = false

        @Flag(help: "A program, here a shell script.")
        var process = false

        @Option(help: "The template's name. Default: the directory's.")
        var name: String?

        func validate() throws {
            if terraform, process { throw ValidationError("--terraform and --process exclude each other.") }
            if let name, name.wholeMatch(of: /(?!-)[A-Za-z0-9_.-]{1,64}/) == nil || name.hasSuffix("-") {
                throw ValidationError(
                    "--name \(name): expected 1 to 64 letters, digits, '-', '_' or '.', and no '-' at either end."
                )
            }
        }

        func run() throws {
            let environment = Host.environment
            let hasTerraform = ["terraform", "tofu"].contains { Host.program($0, environment: environment) != nil }
            let start: TemplateStart = terraform || (!process && hasTerraform) ? .terraform : .process
            let named = name ?? TemplateSource.name(of: directory) ?? "my-template"
            let files = try start.write(named: named, to: directory)
            try Console.print(
                """
                Wrote \(files.joined(separator: ", ")) to \(directory).

                Next:
                  stoker templates check \(directory)\(start == .terraform ? " --terraform" : "")
                  stoker templates push \(directory)
                """
            )
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say everything that is wrong with a template, without a server.",
            discussion: """
                It reads the template as a push does, and says all that is wrong, with file, line and what to do. With \
                --terraform it also runs 'init', 'validate' and a 'plan' of each preset, as the import does on a worker. \
                Nothing is changed.

                The exit code is 0 when the template can be pushed, and 2 when it cannot.
                """
        )

        @Argument(help: "The template's directory, or a tar archive of it.")
        var directory: String

        @Flag(help: "Ask Terraform too.")
        var terraform = false

        @OptionGroup var global: GlobalOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let contents = try TemplateSource.contents(at: directory)
            for note in contents.notes { try Console.note(note) }
            let name = TemplateSource.name(of: directory)
            var findings = try TemplateFindings(contents, name: name, zones: ZoneDirectory())
            if terraform {
                if let template = findings.template, template.manifest.provisioner == .terraform {
                    findings.add(try await TerraformRehearsal(global.settings()).findings(of: template))
                } else {
                    let why = findings.isValid ? "it is no template of Terraform" : "there are errors already"
                    try Console.note("Terraform was not asked: \(why).")
                }
            }
            try output.print(findings, table: \.text)
            if !findings.isValid { throw ExitCode(ExitMeaning.refused.rawValue) }
        }
    }
}
