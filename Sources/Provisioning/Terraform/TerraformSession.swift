// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import FoundationEssentials
import SystemPackage

/// Terraform's commands in one work directory.
struct TerraformSession: Sendable {
    private static let planFile = "../plan"
    let installation: TerraformInstallation
    let host: ProvisioningHost
    let directory: WorkDirectory
    let control: ExecutionControl
    let log: ExecutionLog
    /// The variables that describe the build; `init` does not get them.
    var variables: [String: String] = [:]
    /// The build's values. ``give(_:)`` writes them into their file.
    private(set) var values: TerraformValues?

    private var configurationFile: FilePath { directory.path.appending("terraform.rc") }
    private var pluginCache: FilePath { host.cache.appending("plugins") }

    /// Writes Terraform's configuration file. Call it before any command.
    func configure(pluginDirectory: FilePath?) async throws(ProvisioningFailure) {
        do throws(FileFailure) {
            try await BlockingWork.run { [pluginCache, configurationFile] () throws(FileFailure) in
                try PrivateFiles.makeDirectory(pluginCache)
                let configuration = try TerraformCLIConfiguration(pluginDirectory: pluginDirectory)
                try PrivateFiles.create(configurationFile, Array(configuration.text.utf8))
            }
        } catch {
            throw ProvisioningFailure(error)
        }
    }

    /// Installs modules and providers, in a fresh copy of the template.
    func initialise(_ copy: FilePath) async throws(ProvisioningFailure) {
        try await BlockingWork.run { () throws(ProvisioningFailure) in try TerraformBackend.prepare(copy) }
        // Terraform's plugin cache does not support several writers.
        let lock = try await FileLock.acquire(host.cache.appending("plugins.lock"), control: control)
        defer { _fixLifetime(lock) }
        var environment = environment(variables: [:])
        environment["TF_PLUGIN_CACHE_DIR"] = pluginCache.string
        environment["TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE"] = "1"
        let output = TerraformLog(stage: "init", log: log)
        // The copy has no backend before; questions about one are answered.
        let arguments = ["init", "-reconfigure", "-input=false", "-no-color"]
        // This command fills the cache. It runs Terraform's own code only, and none of the template's.
        try await run("init", arguments, output, output.plain, environment, at: copy, filling: pluginCache)
        try await BlockingWork.run { () throws(ProvisioningFailure) in try TerraformBackend.check(copy) }
    }

    /// Takes the values of a build: its facts and its parameters.
    mutating func give(_ request: BuildRequest) async throws(ProvisioningFailure) {
        let values = try TerraformValues(request)
        try await values.write(in: directory)
        variables = TemplateEnvironment.facts(of: request)
            .merging(try CoderEnvironment.variables(of: request)) { fact, _ in fact }
        self.values = values
    }

    /// The errors of the module itself; empty when there are none.
    func validate() async throws(ProvisioningFailure) -> [TerraformDiagnostic] {
        struct Answer: Decodable {
            let diagnostics: [TerraformDiagnostic]
        }
        let output = TerraformLog(stage: "validate", log: log)
        let result = try await collected(["validate", "-json", "-no-color"], output)
        let answer = await BlockingWork.run { () throws(Never) in
            try? JSONDecoder().decode(Answer.self, from: Data(RawJSON.replacingNULs(in: result.output)))
        }
        guard let answer else { throw output.failure(result.status) }
        return answer.diagnostics
    }

    /// Plans a build, keeps the plan for ``applyPlan()``, and returns its replacements. A plan always refreshes first.
    func plan() async throws(ProvisioningFailure) -> [Replacement] {
        let said = try await structured(
            "plan",
            ["plan", "-input=false", "-json", "-out=\(Self.planFile)"] + valueArguments
        )
        // Showing a plan starts Terraform and every provider once more; most plans replace nothing.
        guard said.plansReplacement else { return [] }
        do throws(ProvisioningFailure) {
            let replacements = try await document(["show", "-json", "-no-color", Self.planFile]) {
                (plan: TerraformPlan) in
                plan.replacements
            }
            do throws(BoundExceeded) { try BoundExceeded.check(replacements) } catch {
                throw ProvisioningFailure(error)
            }
            return replacements
        } catch {
            var failure = error
            failure.isUntouched = true
            throw failure
        }
    }

    /// Plans without a state, to check the values.
    ///
    /// - Parameter keepsPlan: Whether ``planned(_:)`` will ask for the plan.
    func rehearse(keepsPlan: Bool = false) async throws(ProvisioningFailure) {
        let kept = keepsPlan ? ["-out=\(Self.planFile)"] : []
        try await structured("plan", ["plan", "-input=false", "-json", "-lock=false"] + kept + valueArguments)
    }

    /// Reads the kept plan, in the form of `terraform show -json`.
    func planned<Value: Sendable>(_ read: @escaping @Sendable ([UInt8]) -> Value) async throws(ProvisioningFailure)
        -> Value
    {
        let output = TerraformLog(stage: "show", log: log)
        let result = try await collected(["show", "-json", "-no-color", Self.planFile], output)
        guard result.status.isSuccess else { throw output.failure(result.status) }
        return await BlockingWork.run { () throws(Never) in read(result.output) }
    }

    /// Returns how many resources were created or changed. A failure before the first change is
    /// ``ProvisioningFailure/isUntouched``.
    func planAndApply() async throws(ProvisioningFailure) -> Int {
        try await structured("apply", ["apply", "-auto-approve", "-input=false", "-json"] + valueArguments).changed
    }

    /// As ``planAndApply()``.
    func applyPlan() async throws(ProvisioningFailure) -> Int {
        // A plan stores its values, except ephemeral ones. Before Terraform had those, values could not be given
        // together with a plan.
        let values = installation.takesValuesWithPlan ? valueArguments : []
        return try await structured("apply", ["apply", "-input=false", "-json"] + values + [Self.planFile]).changed
    }

    func destroy() async throws(ProvisioningFailure) {
        try await structured(
            "destroy",
            ["apply", "-destroy", "-auto-approve", "-input=false", "-json"] + valueArguments
        )
    }

    func resources() async throws(ProvisioningFailure) -> [BuiltResource] {
        let state: [UInt8]?
        do throws(FileFailure) { state = try await directory.currentState() } catch { throw ProvisioningFailure(error) }
        guard let state else { return [] }
        let managed = await BlockingWork.run { () throws(Never) in TerraformStateFile(state)?.managed }
        if let managed { return managed }
        return try await document(["show", "-json", "-no-color"]) { (state: TerraformState) in state.resources }
    }

    @discardableResult
    private func structured(
        _ stage: String,
        _ arguments: [String]
    ) async throws(ProvisioningFailure) -> TerraformLog {
        let output = TerraformLog(stage: stage, log: log, values: values)
        do throws(ProvisioningFailure) {
            try await run(
                stage,
                arguments,
                output,
                output.structured,
                environment(variables: variables),
                at: directory.module
            )
        } catch {
            var failure = error
            failure.isUntouched = !output.hasBegunChanges
            throw failure
        }
        return output
    }

    private var valueArguments: [String] {
        values == nil ? [] : ["-var-file=\(TerraformValues.path)"]
    }

    private func run(
        _ stage: String,
        _ arguments: [String],
        _ output: TerraformLog,
        _ handling: OutputHandling,
        _ environment: [String: String],
        at path: FilePath,
        filling cache: FilePath? = nil
    ) async throws(ProvisioningFailure) {
        var command = command(arguments, handling, output.errors)
        command.environment = environment
        command.directory = path
        if let cache {
            command.writes = [cache]
            command.prepares = true
        }
        let begin = ContinuousClock.now
        let result = try await host.runner.run(command, in: directory, control: control)
        log.timing(stage, stage, "", since: begin)
        guard result.status.isSuccess else { throw output.failure(result.status) }
    }

    /// Parses the JSON document that a command prints, and returns a part of it: outside of the cooperative threads,
    /// which renew leases, because it is as large as the template makes it.
    private func document<Document: Decodable & SendableMetatype, Value: Sendable>(
        _ arguments: [String],
        _ read: @escaping @Sendable (Document) -> Value
    ) async throws(ProvisioningFailure) -> Value {
        let output = TerraformLog(stage: "show", log: log)
        let result = try await collected(arguments, output)
        guard result.status.isSuccess else { throw output.failure(result.status) }
        return try await BlockingWork.run { () throws(ProvisioningFailure) in
            let name = "What terraform \(arguments.joined(separator: " ")) printed"
            guard JSONScan(result.output, depth: ChildBounds.depth).isWhole else {
                throw ProvisioningFailure(
                    .invalid,
                    "\(name) is no JSON, or holds more than \(ChildBounds.depth) objects and arrays within each other."
                )
            }
            do {
                return read(try JSONDecoder().decode(Document.self, from: Data(result.output)))
            } catch {
                throw ProvisioningFailure(.failed, "\(name) could not be read: \(error)")
            }
        }
    }

    private func collected(
        _ arguments: [String],
        _ output: TerraformLog
    ) async throws(ProvisioningFailure) -> ChildResult {
        let most = ChildBounds.documentBytes
        var command = command(arguments, .collect(limit: most), output.errors)
        command.tooMuchOutput = ProvisioningFailure(
            .invalid,
            "terraform \(arguments.joined(separator: " ")) printed more than \(most) bytes; no more are taken."
        )
        return try await host.runner.run(command, in: directory, control: control)
    }

    private func command(_ arguments: [String], _ output: OutputHandling, _ errors: OutputHandling) -> ChildCommand {
        ChildCommand(
            executable: installation.executable,
            arguments: arguments,
            environment: environment(variables: variables),
            directory: directory.module,
            output: output,
            errors: errors
        )
    }

    private func environment(variables: [String: String]) -> [String: String] {
        var environment = host.baseEnvironment(directory)
        environment.merge(variables) { _, new in new }
        environment["TF_CLI_CONFIG_FILE"] = configurationFile.string
        environment["TF_IN_AUTOMATION"] = "1"
        environment["TF_INPUT"] = "0"
        // No program in the directory may select another workspace, which would have another state.
        environment["TF_WORKSPACE"] = "default"
        environment["CHECKPOINT_DISABLE"] = "1"
        return environment
    }
}
