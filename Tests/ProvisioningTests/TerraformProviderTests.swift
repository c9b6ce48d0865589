// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import SystemPackage
import Templates
import Testing

@testable import Provisioning

private let plugins = ProcessInfo.processInfo.environment["STOKER_TEST_PLUGIN_DIRECTORY"]

/// Needs a directory in the layout of `terraform providers mirror`, and no network.
@Suite(.timeLimit(.minutes(3)), .enabled(if: hasTerraform && plugins != nil))
struct TerraformProviderTests {
    @Test func `providers come from the plugin directory, and every clone finds them`() async throws {
        let fixture = try Fixture()
        let mirror = FilePath(try #require(plugins))
        let host = try #require(try PrivateFiles.names(in: mirror).first { $0.contains(".") })
        let namespace = try #require(try PrivateFiles.names(in: mirror.appending(host)).first)
        let type = try #require(try PrivateFiles.names(in: mirror.appending(host).appending(namespace)).first)
        let module = """
            terraform {
              required_providers {
                \(type) = { source = "\(host)/\(namespace)/\(type)" }
              }
            }
            resource "terraform_data" "x" {}
            """
        let archive = try fixture.archive([.file("main.tf", Array(module.utf8))])
        let provisioner = TerraformProvisioner(host: fixture.host, configuration: .init(pluginDirectory: mirror))
        for _ in 1...2 {
            let outcome = try await provisioner.build(
                .fixture(archive),
                reporter: Recorder(),
                control: fixture.control(wallClock: .seconds(170), noOutput: .seconds(170), lease: .seconds(170))
            )
            #expect(outcome.resources.map(\.address) == ["terraform_data.x"])
        }
    }
}
