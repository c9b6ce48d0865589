// SPDX-License-Identifier: Apache-2.0

import Templates
import Testing

@Suite struct TemplateArchiveReadingTests {
    private func read(_ entries: [ArchiveEntry]) throws(TemplateErrors) -> TemplateManifest {
        try TemplateManifest(entries: entries, timeZoneExists: isTestZone)
    }

    private static func text(_ path: String, _ text: String, executable: Bool = false) -> ArchiveEntry {
        .file(path, Array(text.utf8), executable: executable)
    }

    @Test func `the file and the module are found among the entries`() throws {
        let read = try read([
            Self.text("modules/m/main.tf", "variable \"inner\" {}"), Self.text("main.tf", "variable \"a\" {}"),
            Self.text("more.tf.json", #"{"variable": {"b": {}}}"#), Self.text("stoker.yaml", "name: t"),
        ])
        #expect(read.name == "t")
        #expect(read.parameters == [TemplateParameter(name: "a"), TemplateParameter(name: "b", displayOrder: 1)])
    }

    @Test func `a process template is read with its executable`() throws {
        let yaml = Self.text("stoker.yaml", "name: t\nprovisioner: process\nexecutable: bin/run")
        #expect(try read([yaml, Self.text("bin/run", "", executable: true)]).executable == "bin/run")
    }

    @Test(
        arguments: [
            (
                [],
                "stoker.yaml:1: a template has this file in its top directory; see `stoker schema template` for what it holds"
            ),
            (
                [text("stoker.yml", "")],
                "stoker.yaml:1: a template has this file in its top directory; rename stoker.yml"
            ),
            ([.file("stoker.yaml", [0xff])], "stoker.yaml:1: it is not UTF-8 text"),
            (
                [.symbolicLink("stoker.yaml", to: "other")],
                "stoker.yaml:1: expected a file, found a link or directory; put the file itself there"
            ),
            (
                [text("stoker.yaml", "name: t")],
                "stoker.yaml:1: provisioner: a Terraform template needs a .tf or .tf.json file beside it; "
                    + "add main.tf, or set 'provisioner: process'"
            ),
            (
                [text("stoker.yaml", "name: t\nprovisioner: process")],
                "stoker.yaml:1: executable: the template holds no file 'provision' to run; add it, or name another in 'executable'"
            ),
            (
                [text("stoker.yaml", "name: t\nprovisioner: process"), text("provision", "")],
                "stoker.yaml:1: executable: 'provision' may not be executed; chmod +x provision"
            ),
            (
                [text("stoker.yaml", "name: t\nprovisioner: process"), .directory("provision")],
                "stoker.yaml:1: executable: 'provision' is a directory, not a program; name the file in it"
            ),
        ] as [([ArchiveEntry], String)]
    )
    func `what a template lacks is said`(_ entries: [ArchiveEntry], _ expected: String) {
        let errors = #expect(throws: TemplateErrors.self) { try read(entries) }
        #expect(errors?.description == expected)
    }
}

@Suite struct TemplateContentsTests {
    @Test(arguments: [
        ".git", ".git/config", ".terraform/providers/x", "modules/a/.terraform", "terraform.tfstate",
        "terraform.tfstate.backup", "sub/other.tfstate", ".terraform.tfstate.lock.info",
    ])
    func `what belongs to this machine is left out`(_ path: String) {
        #expect(TemplateContents.leavesOut(path))
    }

    @Test(arguments: [".terraform.lock.hcl", "main.tf", ".gitignore", "tfstate/readme", "a.tfstate.md", "git/x"])
    func `what belongs to the template is not`(_ path: String) {
        #expect(!TemplateContents.leavesOut(path))
    }
}
