// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Templates

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

@Suite struct TemplateEncodingTests {
    private static let mark: [UInt8] = [0xef, 0xbb, 0xbf]

    @Test func `a byte order mark is no part of a file`() throws {
        let files: [ArchiveEntry] = [
            .file("stoker.yaml", Self.mark + Array("name: t\r\ndescription: d\r\n".utf8)),
            .file("main.tf", Self.mark + Array("variable \"a\" {\r\n  default = \"x\"\r\n}\r\n".utf8)),
        ]
        let manifest = try TemplateManifest(entries: files, timeZoneExists: isTestZone)
        #expect(manifest.name == "t")
        #expect(manifest.parameters.map(\.defaultValue) == ["x"])
    }

    @Test func `where Terraform refuses the mark, before JSON, it is named`() throws {
        let files: [ArchiveEntry] = [
            .file("stoker.yaml", Array("name: t".utf8)), .file("a.tf.json", Self.mark + Array("{}".utf8)),
        ]
        let errors = #expect(throws: TemplateErrors.self) {
            try TemplateManifest(entries: files, timeZoneExists: isTestZone)
        }
        #expect(
            errors?.description
                == "a.tf.json:1:1: a byte order mark, which Terraform refuses before JSON; save the file without it"
        )
    }

    @Test func `names that differ in their normalisation alone are two files`() throws {
        let (one, two) = ("caf\u{e9}", "cafe\u{301}")
        let entries: [ArchiveEntry] = [
            .file("\(one).sh", [1]), .file("\(two).sh", [2], executable: true), .file("\(one)/x", [3]),
            .symbolicLink("\(two)", to: "\(two).sh"),
        ]
        let read = try TarArchive.unpack(try TarArchive.pack(entries))
        let names = read.map { Array($0.path.utf8) }
        #expect(names.count == 4)
        #expect(Set(names) == Set(entries.map { Array($0.path.utf8) }))
        let yaml = ArchiveEntry.file("stoker.yaml", Array("name: t\nprovisioner: process\nexecutable: \(two).sh".utf8))
        #expect(try TemplateManifest(entries: [yaml] + read, timeZoneExists: isTestZone).name == "t")
        // A file and a directory of one name are still refused.
        #expect(throws: ArchiveRefusal.self) { try TarArchive.pack(entries + [.file("\(two)/y", [4])]) }
    }
}

@Suite struct TemplateContentsTests {
    private func verdict(_ path: String, _ rules: String = "") throws -> TemplateFilter.Verdict {
        var filter = try TemplateFilter(file: Array(rules.utf8))
        return filter.verdict(
            on: path.hasSuffix("/") ? String(path.dropLast()) : path,
            isDirectory: path.hasSuffix("/")
        )
    }

    @Test(arguments: [
        ".git/", ".git", ".git/config", ".terraform/providers/x", "modules/a/.terraform/", ".hg/x", "a/.svn/y",
        "sub/.DS_Store", "crash.log", "crash.20260101.log", ".env", ".env.local", "x/.netrc",
        ".terraform/modules/m/.git/config",
    ])
    func `what belongs to this machine is left out`(_ path: String) throws {
        #expect(try verdict(path) == .leftOut)
    }

    @Test(arguments: [
        "terraform.tfstate", "terraform.tfstate.backup", "sub/other.tfstate", ".terraform.tfstate.lock.info",
        "errored.tfstate", "prod.tfstate", "a.tfstate.backup", "terraform.tfstate.1700000000.backup", "A.TFSTATE",
        "a.tfstate~", "terraform.tfstate.d/", "terraform.tfstate.d/prod/terraform.tfstate", "x.tfplan", "tfplan",
        ".terraformrc", "terraform.rc", "credentials.tfrc.json", ".terraform/modules/m/terraform.tfstate",
    ])
    func `states, plans and credentials are refused, whatever a line says`(_ path: String) throws {
        #expect(try verdict(path, "!*\n!**\n") == .refused)
        #expect(try verdict(path) == .refused)
    }

    @Test(arguments: [
        ".terraform.lock.hcl", "main.tf", ".gitignore", "tfstate/readme", "a.tfstate.md", "git/x", "state.json",
        ".terraform/modules/modules.json", ".terraform/modules/", "sub/.env.example", "plan.tf", "mytfplan.md",
    ])
    func `what belongs to the template is not`(_ path: String) throws {
        #expect(try verdict(path) == .kept)
    }

    @Test(
        arguments: [
            ("*.md", "README.md", true), ("*.md", "docs/a.md", true), ("*.md", "README.mdx", false),
            ("/a.md", "a.md", true), ("/a.md", "b/a.md", false), ("docs/", "docs/x/y", true),
            ("docs/", "docs", false), ("docs/", "docs/", true), ("docs", "docs/x", true), ("docs", "a/docs/x", true),
            ("a/b", "a/b", true), ("a/b", "x/a/b", true), ("/a/b", "x/a/b", false), ("**/b", "b", true),
            ("**/b", "x/y/b", true), ("a/**", "a/b/c", true), ("a/**", "a/", false), ("a/**/z", "a/z", true),
            ("a/**/z", "a/b/c/z", true), ("a/**/z", "a/b", false), ("a?c", "abc", true), ("a?c", "a/c", false),
            ("a?c", "a\u{e9}c", true), ("[a-c]x", "bx", true), ("[!a-c]x", "bx", false), ("[^a-c]x", "dx", true),
            ("[a", "[a", true), ("\\#a", "#a", true), ("\\!a", "!a", true), ("#a", "#a", false),
            ("  a  ", "a", true), ("a\r", "a", true), ("*", "x/y", true), ("*\n!*.tf", "main.tf", false),
            ("*\n!*.tf", "main.md", true), ("docs/\n!docs/keep.md", "docs/keep.md", false),
            ("docs/\n!docs/keep.md", "docs/other.md", true), ("!.env", ".env", false), ("!a\na", "a", true),
            ("a\n!a/\na/b", "a/b", true), ("a\n!a/", "a/c", false),
            ("*a*a*a*a*b", String(repeating: "a", count: 250), false),
            ("*", "stoker.yaml", false), ("*", ".terraformignore", false), ("*", "sub/stoker.yaml", true),
            ("**/**/**/**/x", String(repeating: "a/", count: 200) + "y", false), ("", "a", false), ("/", "a", false),
            ("!", "a", false), ("\u{feff}a", "a", true),
        ] as [(String, String, Bool)]
    )
    func `lines of the file mean what they mean to Terraform`(_ rules: String, _ path: String, _ isLeftOut: Bool) throws
    {
        #expect(try verdict(path, rules) == (isLeftOut ? .leftOut : .kept))
    }

    @Test func `people are told what is not in the template, each directory once`() throws {
        let contents = try TemplateContents([
            .file("main.tf", []), .directory(".git"), .file(".git/a/b", []), .file(".git/c", []),
            .directory(".terraform"),
            .file(".terraform/providers/p", []), .file(".terraform/modules/m/main.tf", []), .file("a/prod.tfstate", []),
            .file("a/main.tf", []), .file("docs/x.md", []), .file(".terraformignore", Array("docs/\n".utf8)),
        ])
        #expect(
            contents.entries.map(\.path) == [
                "main.tf", ".terraform/modules/m/main.tf", "a/main.tf", ".terraformignore",
            ]
        )
        #expect(contents.leftOut == [".git/", ".terraform/providers/", "docs/"])
        #expect(contents.refused == ["a/prod.tfstate"])
        #expect(
            contents.notes == [
                "Left out of the template: .git/, .terraform/providers/, docs/.",
                "Refused, and not in the template: a/prod.tfstate. States, plans and credentials hold secrets, and belong to "
                    + "no template.",
            ]
        )
        #expect(try TemplateContents(contents.entries) == TemplateContents(contents.entries))
    }

    @Test func `a file of rules that cannot be read is an error`() {
        #expect(throws: TemplateErrors.self) { try TemplateFilter(file: [0xff]) }
        #expect(throws: TemplateErrors.self) {
            try TemplateFilter(file: Array(repeating: "a\n", count: 2_000).joined().utf8.map { $0 })
        }
        #expect(throws: TemplateErrors.self) { try TemplateContents([.symbolicLink(".terraformignore", to: "x")]) }
    }
}
