// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import SystemPackage
import Templates
import Testing

@testable import Provisioning

/// The native syntax in the notations that people and editors give it: Stoker reads what Terraform reads.
@Suite(.timeLimit(.minutes(2)), .enabled(if: hasTerraform))
struct TerraformNotationTests {
    /// Each declares a variable `v` with a default that is text.
    static let modules = [
        "default = <<EOT\nhello\nEOT \n", "default = <<EOT\nhello\n\tEOT\t \n", "default = <<EOT\nhello\nEOT\u{c}\n",
        "default = <<EOT\nhello\nEOT\u{a0}\n", "default = <<EOT\r\nhello\r\nEOT\r\n",
        "default = <<EOT\r\nhello\r\nEOT \r\n", "default = <<-EOT\r\n    hello\r\n\r\n      b\r\n    EOT\r\n",
        "default = <<-EOT\n    hello\n\n      b\n  \n    EOT\n", "default = <<-EOT\n\thello\n  b\n    EOT\n",
        "default = <<EOT\na\\nb $${x} %%{y} $ % $$ \"q\" \\\nEOT\n", "default = <<EOT-1\nhello\nEOT-1\n",
        "default = <<\u{c9}ND\nhello\n\u{c9}ND\n", "default = <<EOT\nEOTX\nXEOT\nEOT X\nEOT\n",
        "default = <<EOT\nEOT\n",
        "default = <<EOT\n# no\n/* no\nEOT\n", "default = \"\\u00e9\\U0001F600\\t\\\"\\\\ $${x} %%{y} $ % $$\"\n",
        "default = \"$$${x}\"\n", "default = \"$$$${x}\"\n", "default = \"%%%{x}\"\n", "default = \"a$\"\n",
        "default = \"100%\"\n", "default = \"v\" /* \n */\n type = string\n", "/* x */ default = /* y */ \"v\"\n",
        "# c\r\n// d\r\n/* e\r\n */ default = \"x\" # t\r\n", "\tdefault\t=\t\"v\"\t\n",
        "default = \"v\"\ndescription = <<-E\n  ${\"x\"}\n E \n", "default = (\n\"v\"\n)\n",
    ]

    @Test func `defaults are read as Terraform reads them`() async throws {
        let terraform = try TerraformFixture()
        var files: [(name: String, text: String)] = []
        for (index, body) in Self.modules.enumerated() {
            files.append(("v\(index).tf", "\u{feff}variable \"v\(index)\" {\n\(body)}\n"))
        }
        let names = files.indices.map { "v\($0) = var.v\($0)" }.joined(separator: ", ")
        let archive = try terraform.archive(
            "output \"all\" { value = { \(names) } }\n",
            files.map { .file($0.name, Array($0.text.utf8)) }
        )
        let state = try #require(try await terraform.build(archive).state)
        struct State: Decodable {
            struct Output: Decodable { let value: [String: String] }
            let outputs: [String: Output]
        }
        let theirs = try #require(try JSONDecoder().decode(State.self, from: Data(state)).outputs["all"]).value
        let module = files.map { SourceFile(name: $0.name, text: $0.text) }
        let ours = try TemplateManifest(yaml: "name: x", module: module) { _ in false }.parameters
        #expect(theirs.count == files.count)
        #expect(ours.count == files.count)
        for parameter in ours {
            let theirs = theirs[parameter.name].map { Array($0.utf8) }
            #expect(
                parameter.defaultValue.map { Array($0.utf8) } == theirs,
                "\(Self.modules[Int(parameter.name.dropFirst()) ?? 0])"
            )
        }
    }
}
