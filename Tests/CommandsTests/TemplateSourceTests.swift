// SPDX-License-Identifier: Apache-2.0

import Operations
import Templates
import Testing

@testable import Commands

@Suite struct TemplateSourceTests {
    @Test(arguments: [
        ("/a/dev-box", "dev-box"), ("/a/dev-box/", "dev-box"), ("/a/b/../My Box", "My-Box"), ("/a/box.tar.gz", "box"),
        ("/a/box.tar", "box"), ("/a/--x--", "x"), ("/", nil),
    ])
    func `a template without a name has its directory's`(path: String, name: String?) {
        #expect(TemplateSource.name(of: path) == name)
    }

    @Test func `a pushed value is the default of a variable, whatever its type`() throws {
        let module = """
            variable "namespace" {}
            variable "zones" { type = list(string) }
            variable "big" { type = bool }
            data "coder_workspace_preset" "p" {
              name = "P"
              prebuilds { instances = 1 }
            }
            """
        let file = TemplateSource.valueFile([("namespace", "a=b"), ("zones", #"["x", "y"]"#), ("big", "true")])
        let entries = [ArchiveEntry.file("main.tf", Array(module.utf8)), try #require(file)]
        let packed = try PackedTemplate(TemplateContents(entries), name: "box")
        #expect(packed.manifest.parameters.map(\.defaultValue) == ["a=b", #"["x","y"]"#, "true"])
        #expect(TemplateSource.valueFile([]) == nil)

        let refused = #expect(throws: TemplateErrors.self) {
            try PackedTemplate(TemplateContents([.file("main.tf", Array(module.utf8))]), name: "box")
        }
        #expect(refused?.description.contains("or push with '--variable namespace=VALUE'") == true)
    }
}
