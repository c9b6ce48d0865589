// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import Templates
import Testing

@testable import Provisioning

@Suite(.timeLimit(.minutes(1)))
struct EnvironmentTests {
    private static let worker = [
        "PATH": "/usr/bin:/bin", "HOME": "/home/stoker", "LC_ALL": "C.UTF-8", "https_proxy": "http://proxy:3128",
        "STOKER_DATABASE_URL": "postgres://secret", "STOKER_ENCRYPTION_KEY": "secret", "PGPASSWORD": "secret",
        "TF_CLI_ARGS": "-destroy", "AWS_REGION": "eu", "AWS_SECRET": "wanted", "OTHER": "secret",
    ]

    @Test func `only what is listed is inherited`() {
        let inherited = TemplateEnvironment.inherited(from: Self.worker, additional: [])
        #expect(inherited == Self.worker.filter { ["PATH", "HOME", "LC_ALL", "https_proxy"].contains($0.key) })
    }

    @Test func `configuration adds names, and never the worker's own secrets`() {
        let inherited = TemplateEnvironment.inherited(
            from: Self.worker,
            additional: ["AWS_*", "STOKER_DATABASE_URL", "PGPASSWORD", "TF_CLI_ARGS", "*"]
        )
        let refused: Set = ["STOKER_DATABASE_URL", "STOKER_ENCRYPTION_KEY", "PGPASSWORD", "TF_CLI_ARGS"]
        #expect(inherited == Self.worker.filter { !refused.contains($0.key) })
    }

    @Test func `a child sees exactly that and the facts of its build`() async throws {
        let fixture = try Fixture(environment: Self.worker)
        let archive = try fixture.archive([.file("provision", Array("#!/bin/sh\nenv | sort\n".utf8), executable: true)])
        let recorder = Recorder()
        let request = BuildRequest.fixture(archive, stage: .claim, agentTokens: ["dev-box": "token"])
        _ = try await ProcessProvisioner(host: fixture.host).build(
            request,
            reporter: recorder,
            control: fixture.control()
        )
        let names = ["PWD=", "TMPDIR=", "_=", "HOME=", "STOKER_WORKSPACE_DIRECTORY="]
        let lines = recorder.lines.map(\.output).filter { line in !names.contains { line.hasPrefix($0) } }
        #expect(
            lines == [
                "LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin",
                "STOKER_AGENT_TOKEN_DEV_BOX=(sensitive)",
                "STOKER_BUILD_ID=00000000-0000-00b1-0000-000000000001", "STOKER_BUILD_NUMBER=3", "STOKER_CLAIM=true",
                "STOKER_CLAIM_EPOCH=7", "STOKER_PREBUILD=false", "STOKER_PRESET_NAME=us-nix",
                "STOKER_TEMPLATE_NAME=go-dev", "STOKER_TEMPLATE_VERSION=v1", "STOKER_URL=",
                "STOKER_WORKSPACE_ID=00000000-0000-00a1-0000-000000000001", "STOKER_WORKSPACE_NAME=box",
                "STOKER_WORKSPACE_ORGANIZATION=default", "STOKER_WORKSPACE_OWNER=ada",
                "STOKER_WORKSPACE_OWNER_EMAIL=ada@example.org",
                "STOKER_WORKSPACE_OWNER_ID=00000000-0000-00c1-0000-000000000001", "STOKER_WORKSPACE_TRANSITION=start",
                "https_proxy=http://proxy:3128",
            ]
        )
    }

    @Test func `Terraform gets the facts in lower case, and a parameter cannot pretend to be one`() throws {
        let request = BuildRequest.fixture(
            TemplateArchive(hash: "") { [] },
            stage: .create,
            parameters: [
                .init(name: "region", value: "us"), .init(name: "stoker_workspace_owner", value: "mallory"),
                .init(name: "stoker_agent_token_main", value: "forged"),
            ]
        )
        let values = try JSONDecoder().decode([String: String].self, from: Data(TerraformValues(request).bytes))
        #expect(values["region"] == "us")
        #expect(values["stoker_workspace_owner"] == "ada")
        #expect(values["stoker_prebuild"] == "true")
        #expect(values.count == 1 + TemplateEnvironment.facts(of: request).count)
    }

    @Test func `secrets are blotted out line by line, the longest first`() {
        let redactor = Redactor(secrets: ["hush", "hush-hush", "two\nlines", "abc"])
        #expect(redactor.redact("hush-hush! hush, abc lines two") == "(sensitive)! (sensitive), abc (sensitive) two")
    }
}
