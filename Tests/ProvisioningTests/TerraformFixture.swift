// SPDX-License-Identifier: Apache-2.0

import Domain
import SystemPackage
import Templates

@testable import Provisioning

/// Whether there is a Terraform or OpenTofu to test with.
let hasTerraform =
    ExecutableSearch.find("terraform", path: Fixture.environment["PATH"]) != nil
    || ExecutableSearch.find("tofu", path: Fixture.environment["PATH"]) != nil

/// Builds of one module, with a real Terraform.
struct TerraformFixture {
    let fixture: Fixture
    let provisioner: TerraformProvisioner

    init(environment: [String: String] = [:]) throws {
        fixture = try Fixture(environment: Fixture.environment.merging(environment) { first, _ in first })
        provisioner = TerraformProvisioner(host: fixture.host)
    }

    func archive(_ module: String, _ more: [ArchiveEntry] = []) throws -> TemplateArchive {
        try fixture.archive([.file("main.tf", Array(module.utf8))] + more)
    }

    func build(
        _ archive: TemplateArchive,
        _ transition: Transition = .start,
        stage: BuildStage = .none,
        parameters: [BuildParameter] = [],
        state: [UInt8]? = nil,
        lateStates: [[UInt8]] = [],
        policy: ReplacementPolicy = .warn,
        reporter: Recorder = Recorder(),
        control: ExecutionControl? = nil
    ) async throws(ProvisioningFailure) -> BuildOutcome {
        let request = BuildRequest.fixture(
            archive,
            transition,
            stage: stage,
            parameters: parameters,
            state: state,
            lateStates: lateStates,
            policy: policy
        )
        return try await provisioner.build(request, reporter: reporter, control: control ?? fixture.control())
    }

    func importVersion(
        _ yaml: String,
        _ module: String,
        reporter: Recorder = Recorder()
    ) async throws(ProvisioningFailure) -> TemplateManifest {
        let archive: TemplateArchive
        do {
            archive = try self.archive(module, [.file("stoker.yaml", Array(yaml.utf8))])
        } catch {
            throw ProvisioningFailure(.failed, "\(error)")
        }
        let request = ImportRequest(
            job: HeldJob(id: .random(), epoch: 1),
            organization: "default",
            templateName: "go-dev",
            versionName: "v1",
            archive: archive
        )
        return try await provisioner.importVersion(request, reporter: reporter, control: fixture.control())
    }
}
