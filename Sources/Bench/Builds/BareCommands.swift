// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import LocalPostgres
import SystemPackage
import Templates

/// What a template's builds do, by hand: the same program with the same input, in a directory with the template's files.
struct BareCommands {
    let template: BenchTemplate
    let area: BenchArea
    /// A directory in which everything is prepared that one prepares once.
    let prepared: FilePath
    private let workspaces: FilePath

    /// Prepares the directory.
    init(_ template: BenchTemplate, in area: BenchArea) async throws {
        self.template = template
        self.area = area
        prepared = try area.directory("\(template.name)-by-hand", entries: template.entries)
        workspaces = try area.directory("\(template.name)-workspaces")
        if case .terraform(let terraform) = template.program {
            _ = try await run(terraform, ["init", "-input=false", "-no-color"], in: prepared)
        }
    }

    /// What the commands are called.
    var names: (push: String, create: String, claim: String) {
        switch template.program {
        case .process: ("provision start", "provision start", "provision start")
        case .terraform: ("terraform init, validate, plan, apply", "terraform apply", "terraform plan, apply")
        }
    }

    /// Milliseconds of everything from a fresh directory to a workspace.
    func push() async throws -> Double {
        switch template.program {
        case .process:
            let times = try await create()
            try await remove()
            return times
        case .terraform(let terraform):
            let fresh = try area.directory("\(template.name)-\(JobID.random())", entries: template.entries)
            try write(owner: "prebuilds", to: fresh)
            let began = ContinuousClock.now
            _ = try await run(terraform, ["init", "-input=false", "-no-color"], in: fresh)
            _ = try await run(terraform, ["validate", "-no-color"], in: fresh)
            try await change(terraform, in: fresh)
            return began.milliseconds
        }
    }

    /// Milliseconds of a first build, in the prepared directory.
    func create() async throws -> Double {
        switch template.program {
        case .process: return try await provision("start", owner: "prebuilds")
        case .terraform(let terraform):
            try? FileManager.default.removeItem(atPath: prepared.appending("terraform.tfstate").string)
            try write(owner: "prebuilds", to: prepared)
            let arguments = ["apply", "-auto-approve", "-input=false", "-no-color"]
            return try await run(terraform, arguments, in: prepared)
        }
    }

    /// Milliseconds of a build that hands over what ``create()`` has built.
    func claim() async throws -> Double {
        switch template.program {
        case .process: return try await provision("start", owner: BenchPreset.claimant)
        case .terraform(let terraform):
            try write(owner: BenchPreset.claimant, to: prepared)
            let began = ContinuousClock.now
            try await change(terraform, in: prepared)
            return began.milliseconds
        }
    }

    /// Removes what ``create()`` has built.
    func remove() async throws {
        guard case .process = template.program else { return }
        _ = try await provision("delete", owner: BenchPreset.claimant)
    }

    private func change(_ terraform: FilePath, in directory: FilePath) async throws {
        _ = try await run(terraform, ["plan", "-input=false", "-no-color", "-out=plan"], in: directory)
        _ = try await run(terraform, ["apply", "-input=false", "-no-color", "plan"], in: directory)
    }

    private func write(owner: String, to directory: FilePath) throws {
        let values = """
            {"region": "eu", "image": "base", "stoker_workspace_owner": "\(owner)", "stoker_workspace_name": "\(owner)"}
            """
        try area.write(values.utf8, to: directory.appending("terraform.tfvars.json"))
    }

    private func provision(_ transition: String, owner: String) async throws -> Double {
        try await run(
            prepared.appending("provision"),
            [transition],
            in: prepared,
            environment: [
                "WORKSPACES_DIRECTORY": workspaces.string, "STOKER_WORKSPACE_ID": "by-hand",
                "STOKER_WORKSPACE_OWNER": owner, "STOKER_CLAIM": "\(owner == BenchPreset.claimant)",
            ],
            input: #"{"parameters":{"image":"base","interval":"5"},"state":null}"#
        )
    }

    /// Returns the milliseconds; throws ``BenchError`` when the command fails.
    private func run(
        _ program: FilePath,
        _ arguments: [String],
        in directory: FilePath,
        environment: [String: String] = [:],
        input: String = ""
    ) async throws -> Double {
        let began = ContinuousClock.now
        let answer = try await Tool.run(
            program,
            arguments,
            in: directory,
            environment: environment.merging(["HOME": area.path.string]) { own, _ in own },
            input: input,
            within: .seconds(120)
        )
        let time = began.milliseconds
        guard answer.succeeded else {
            throw BenchError("\(program) \(arguments.joined(separator: " ")) failed: \(answer.output.suffix(1_000))")
        }
        return time
    }
}
