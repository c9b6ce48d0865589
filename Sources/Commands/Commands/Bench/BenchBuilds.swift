// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Bench
import SystemPackage

extension BenchCommand {
    struct Build: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Time to a usable workspace: milliseconds from a push, and from a claim.",
            discussion: """
                The templates process-local and terraform-local, on a worker process of its own with default settings, \
                beside the bare commands that do the same, in turns with them. In a database of its own on the configured \
                server, which is dropped afterwards; the role needs the right to create databases. Without Terraform or \
                OpenTofu on PATH, terraform-local is left out.
                """
        )

        @Option(help: "How often each template is pushed.")
        var pushes = 5

        @Option(help: "How many prebuilds of each template are claimed; as many workspaces are built without one.")
        var builds = 9

        @Option(help: "A template to measure, such as process-local; may be repeated. By default both.")
        var template: [ExampleTemplate] = ExampleTemplate.allCases

        @OptionGroup var worker: WorkerOptions
        @OptionGroup var options: Options

        func validate() throws {
            guard (1...100).contains(pushes) else { throw ValidationError("--pushes takes 1 to 100.") }
            guard (1...100).contains(builds) else { throw ValidationError("--builds takes 1 to 100.") }
        }

        func run() async throws {
            let settings = try options.global.settings()
            let benchmark = BuildBench(
                worker: try worker.child(settings),
                templates: try template.compactMap { try BenchTemplate($0, settings) },
                pushes: pushes,
                builds: builds
            )
            try await options.report(benchmark)
        }
    }

    struct Worker: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "A worker process: milliseconds until it claims, and what it uses while there is nothing to do.",
            discussion: """
                A process of its own with default settings. In a database of its own on the configured server, which is \
                dropped afterwards; the role needs the right to create databases.
                """
        )

        @Option(help: "How often it is started.")
        var starts = 5

        @Option(help: "How long it is watched, such as 30s.")
        var idle = DurationArgument(.seconds(30))

        @OptionGroup var worker: WorkerOptions
        @OptionGroup var options: Options

        func validate() throws {
            guard (1...100).contains(starts) else { throw ValidationError("--starts takes 1 to 100.") }
            guard idle.duration >= .seconds(1) else { throw ValidationError("--idle takes 1s or more.") }
        }

        func run() async throws {
            let child = try worker.child(options.global.settings())
            try await options.report(WorkerBench(worker: child, starts: starts, idle: idle.duration))
        }
    }
}

extension BenchCommand {
    /// The worker processes of a measurement.
    struct WorkerOptions: ParsableArguments {
        @Option(help: "The stoker whose workers are measured, such as the release before; otherwise this one.")
        var program: String?

        /// It gets no setting of this machine but the program of Terraform, so that it sends nothing to a configured
        /// endpoint, and measurements of several machines can be compared.
        func child(_ settings: Settings) throws -> ChildWorker {
            var environment = settings.environment.filter { !$0.key.hasPrefix("STOKER_") }
            if let terraform = try settings[\.terraformBinary] {
                environment[SettingKey[\.terraformBinary].environmentVariable] = terraform
            }
            let executable = program.map { FilePath($0) } ?? Host.ownExecutable
            return ChildWorker(executable: executable, environment: environment)
        }
    }
}

extension BenchTemplate {
    /// `nil`: the program that it needs is not installed.
    fileprivate init?(_ example: ExampleTemplate, _ settings: Settings) throws {
        let program: Program
        switch example {
        case .process: program = .process
        case .terraform:
            let named = try settings[\.terraformBinary]
            let found = ["terraform", "tofu"].lazy.compactMap { Host.program($0, environment: settings.environment) }
                .first
            guard let terraform = named ?? found else {
                try Console.note("Neither terraform nor tofu is on PATH: \(example.rawValue) is left out.")
                return nil
            }
            program = .terraform(FilePath(terraform))
        }
        self.init(name: example.rawValue, entries: example.entries, program: program)
    }
}

extension ExampleTemplate: ExpressibleByArgument {}
