// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import Subprocess
import SystemPackage
import Templates
import TestSupport
import Testing

@testable import Provisioning

/// What the provider `coder/coder` is given, and what is read from its plans and states.
@Suite struct CoderProviderTests {
    // MARK: Variables

    private func variables(
        _ transition: Transition = .start,
        stage: BuildStage = .none,
        owner: WorkspaceBuild.Owner? = nil,
        parameters: [BuildParameter] = []
    ) throws -> [String: String] {
        let archive = TemplateArchive(hash: "") { [] }
        var request = BuildRequest.fixture(archive, transition, stage: stage, parameters: parameters)
        if let owner { request.build.owner = owner }
        request.providerToken = "stka_x"
        request.serverURL = "https://stoker.example"
        return try CoderEnvironment.variables(of: request)
    }

    @Test func `a prebuild belongs to Coder's system user, also while it is deleted`() throws {
        let pool = WorkspaceBuild.Owner(id: prebuildsUserID, username: "prebuilds", email: "")
        let created = try variables(stage: .create, owner: pool)
        #expect(created["CODER_WORKSPACE_OWNER_ID"] == "c42fdf75-3097-471c-8c33-fb52454d81c0")
        #expect(created["CODER_WORKSPACE_OWNER_NAME"] == "Prebuilds Owner")
        #expect(created["CODER_WORKSPACE_OWNER_EMAIL"] == "prebuilds@system")
        #expect(created["CODER_WORKSPACE_OWNER_LOGIN_TYPE"] == "none")
        #expect(created["CODER_WORKSPACE_IS_PREBUILD"] == "true")
        let deleted = try variables(.delete, owner: pool)
        #expect(deleted["CODER_WORKSPACE_TRANSITION"] == "destroy")
        #expect(deleted["CODER_WORKSPACE_IS_PREBUILD"] == "true")
        #expect(try variables(stage: .claim)["CODER_WORKSPACE_IS_PREBUILD"] == "false")
        #expect(try variables(stage: .claim)["CODER_WORKSPACE_IS_PREBUILD_CLAIM"] == "true")
        #expect(try variables()["CODER_WORKSPACE_IS_PREBUILD_CLAIM"] == "false")
    }

    @Test func `parameters are named by their hash, and only those of Coder`() throws {
        let hash = "c697d2981bf416569a16cfbcdec1542b5398f3cc77d2b905819aa99c46ecf6f6"
        let given = try variables(parameters: [
            BuildParameter(name: "region", value: "eu", isCoder: true, previous: "us"),
            BuildParameter(name: "namespace", value: "x"),
        ])
        #expect(given["CODER_PARAMETER_\(hash)"] == "eu")
        #expect(given["CODER_PARAMETER_PREVIOUS_\(hash)"] == "us")
        #expect(given.keys.count { $0.hasPrefix("CODER_PARAMETER_") } == 2)
        #expect(throws: ProvisioningFailure.self) {
            try variables(parameters: [
                BuildParameter(name: "long", value: String(repeating: "x", count: 200_000), isCoder: true)
            ])
        }
    }

    @Test func `a value of Coder's is no variable of the module`() throws {
        let request = BuildRequest.fixture(
            TemplateArchive(hash: "") { [] },
            parameters: [
                BuildParameter(name: "Home disk", value: "5", isCoder: true), BuildParameter(name: "zone", value: "a"),
            ]
        )
        let names = try TerraformValues(request).names
        #expect(names.contains("zone"))
        #expect(!names.contains("Home disk"))
    }

    // MARK: Plans

    private static let plan = #"""
        {"prior_state": {"values": {"root_module": {
          "resources": [
            {"address": "data.coder_parameter.size", "mode": "data", "type": "coder_parameter", "name": "size",
             "values": {"name": "size", "type": "number", "default": "4", "optional": true, "mutable": true,
               "option": [], "validation": [{"min": 1, "min_disabled": false, "max": 0, "max_disabled": true,
               "regex": "", "monotonic": "increasing", "error": ""}]}},
            {"address": "data.coder_workspace_preset.p[0]", "mode": "data", "type": "coder_workspace_preset", "name": "p",
             "values": {"name": "One", "default": true, "parameters": {"size": "4"}, "prebuilds": [{"instances": 3,
               "expiration_policy": [{"ttl": 3600}], "scheduling": [{"timezone": "UTC",
               "schedule": [{"cron": "* 8-18 ? * 1-5", "instances": 9}]}]}]}},
            {"address": "data.coder_workspace_tags.t", "mode": "data", "type": "coder_workspace_tags", "name": "t",
             "values": {"tags": {"zone": "a"}}}
          ],
          "child_modules": [{"resources": [
            {"address": "module.m.data.coder_parameter.repo", "mode": "data", "type": "coder_parameter", "name": "repo",
             "values": {"name": "repo", "type": "string", "default": null, "optional": false, "option": []}}
          ]}]
        }}},
        "planned_values": {"root_module": {"resources": [
          {"address": "coder_agent.main[0]", "mode": "managed", "type": "coder_agent", "name": "main",
           "values": {"os": "linux", "arch": "amd64", "auth": "token"}}
        ]}}}
        """#

    @Test func `a plan knows what the text leaves open`() throws {
        var text = CoderTemplate()
        text.presets = [CoderPreset(name: "Gone", place: CoderPlace(file: "main.tf", line: 7))]
        text.parameters = [CoderParameter(name: "size", place: CoderPlace(file: "main.tf", line: 3))]
        let planned = CoderPlan.template(in: Array(Self.plan.utf8), after: text)
        #expect(planned.parameters.map(\.name) == ["size", "repo"])
        #expect(planned.parameters.map(\.defaultValue) == ["4", nil])
        #expect(planned.parameters.map(\.required) == [false, true])
        #expect(planned.parameters[0].place == CoderPlace(file: "main.tf", line: 3))
        #expect(planned.parameters[0].rules == ParameterRules.increasing(from: 1))
        let preset = try #require(planned.presets.first)
        #expect(preset.prebuilds?.instances == "3")
        #expect(preset.prebuilds?.ttl == "3600")
        #expect(preset.prebuilds?.schedule.map(\.cron) == ["* 8-18 * * 1-5"])
        #expect(planned.tags == ["zone": "a"])
        #expect(planned.waitedAgent?.name == "main")
        let differences = planned.differences(from: text)
        #expect(differences.contains("parameter 'size': default is 4; the text does not say it"))
        #expect(differences.contains("parameter 'repo' is there, and the text does not show it"))
        #expect(differences.contains("preset 'Gone' is not there"))
        #expect(planned.differences(from: planned) == [])
    }

    // MARK: Agents

    private static let state = #"""
        {"version": 4, "resources": [
          {"mode": "managed", "type": "coder_agent", "name": "other", "instances": [{"attributes": {"id": "b", "token": "t2",
            "startup_script": "no"}}]},
          {"mode": "managed", "type": "coder_agent", "name": "main", "instances": [{"attributes": {"id": "a", "token": "t1",
            "dir": "~/work", "env": {"A": "it's", "bad name": "x"}, "startup_script": "echo \"$A $B $(basename \"$PWD\")\""}}]},
          {"mode": "managed", "type": "coder_env", "name": "b", "instances": [{"attributes": {"agent_id": "a", "name": "B",
            "value": "two\nlines"}}]},
          {"mode": "managed", "type": "coder_script", "name": "s", "instances": [{"attributes": {"agent_id": "a",
            "display_name": "Second", "script": "#!/bin/sh\necho second; exit 3", "run_on_start": true}},
            {"attributes": {"agent_id": "a", "display_name": "Not", "script": "echo not", "run_on_start": false}}]}
        ]}
        """#

    @Test func `an agent runs what the applied state says, and fails when one script fails`() async throws {
        #expect(AppliedAgents.manifest(in: Array(Self.state.utf8), token: "t3") == nil)
        let found = AppliedAgents.manifest(in: Array(Self.state.utf8), token: "t1")
        var manifest = try #require(found)
        #expect(manifest.scripts.map(\.name) == ["startup_script", "Second"])
        #expect(manifest.directory == "~/work")
        let home = try await TestArea.shared.makeDirectory("home")
        let failed = try await run(manifest, home)
        #expect(failed.status == .exited(1))
        #expect(failed.standardOutput == ["it's two", "lines work", "second"])
        manifest.scripts.removeLast()
        #expect(try await run(manifest, home).status.isSuccess)
    }

    private func run(_ manifest: AgentManifest, _ home: FilePath) async throws -> RunningProcess.Outcome {
        let script = home.appending("manifest.sh")
        try manifest.shell(["CODER": "true"]).write(toFile: script.string, atomically: true, encoding: .utf8)
        return try await RunningProcess.outcome(of: "/bin/sh", [script.string], environment: ["HOME": home.string])
    }

    @Test func `the agent's script is one for a POSIX shell`() async throws {
        let home = try await TestArea.shared.makeDirectory("script")
        let script = home.appending("agent.sh")
        let text = AgentScript.text.replacing("${ACCESS_URL}", with: "http://127.0.0.1:1/")
        try text.write(toFile: script.string, atomically: true, encoding: .utf8)
        let checked = try await RunningProcess.outcome(of: "/bin/sh", ["-n", script.string])
        #expect(checked.status.isSuccess, "\(checked.standardError)")
        let alone = try await RunningProcess.outcome(
            of: "/bin/sh",
            [script.string],
            environment: ["CODER_AGENT_TOKEN": nil]
        )
        #expect(alone.status == .exited(1))
        #expect(alone.standardError == ["agent: CODER_AGENT_TOKEN is not set"])
    }
}

extension ParameterRules {
    fileprivate static func increasing(from minimum: Double) -> Self {
        var rules = Self(minimum: minimum)
        rules.monotonic = "increasing"
        return rules
    }
}
