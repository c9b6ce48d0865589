// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import Operations
import Templates
import Testing

@testable import Commands

@Suite struct TemplateFindingsTests {
    private static func findings(_ entries: [ArchiveEntry]) throws -> TemplateFindings {
        try TemplateFindings(TemplateContents(entries), zones: ZoneDirectory())
    }

    private static func text(_ path: String, _ text: String) -> ArchiveEntry { .file(path, Array(text.utf8)) }

    @Test func `everything that is wrong is said at once`() throws {
        let yaml = """
            name: broken
            provisioner: process
            executable: bin/run
            parameters:
              size: { type: strnig }
            presets:
              - name: a
                prebuilds: { instnaces: 1 }
            """
        let found = try Self.findings([
            Self.text("stoker.yaml", yaml), .symbolicLink("way-out", to: "../../etc/passwd"),
        ])
        #expect(!found.isValid)
        let lines = found.text.split(separator: "\n").map(String.init)
        for start in [
            "stoker.yaml:3: error: executable: the template holds no file 'bin/run'",
            "stoker.yaml:5:17: error: parameters.size.type: expected one of string",
            "stoker.yaml:8:", "way-out: error: ",
        ] {
            #expect(lines.contains { $0.hasPrefix(start) }, "\(start) in \(lines)")
        }
        #expect(lines.contains { $0.contains("did you mean 'instances'?") })
        #expect(lines.last?.hasPrefix("The template cannot be pushed: ") == true)
    }

    @Test func `files of a module that cannot be read do not hide the rest`() throws {
        let found = try Self.findings([
            Self.text("stoker.yaml", "name: a\npresets: []\nicon: [1]\n"), .file("main.tf", [0xff]),
        ])
        #expect(Set(found.findings.map(\.file)) == ["stoker.yaml", "main.tf"])
        #expect(found.findings.contains { $0.field == "presets" })
        #expect(found.findings.contains { $0.field == "icon" && $0.line == 3 })
    }

    @Test func `what Terraform says has its place`() {
        let placed = TemplateFinding(.error, terraform: "preset a: main.tf:3:5: terraform_data.x: Bad: worse")
        #expect(placed.text == "main.tf:3:5: error: preset a: terraform_data.x: Bad: worse")
        #expect(TemplateFinding(.warning, terraform: "no place").text == "warning: no place")
    }

    @Test(arguments: TemplateStart.allCases)
    func `a start can be pushed as it is`(start: TemplateStart) throws {
        let found = try Self.findings(start.entries(named: "mine"))
        #expect(found.findings == [])
        #expect(found.name == "mine")
        #expect(found.text == "The template mine can be pushed.")
        let preset = try #require(found.template?.manifest.presets.first)
        #expect(preset.isDefault && preset.prebuilds?.instances == 1)
    }

    @Test(arguments: TemplateStart.allCases)
    func `what is commented out in a start works, too`(start: TemplateStart) throws {
        let entries = start.entries(named: "mine").map { entry -> ArchiveEntry in
            guard entry.path == TemplateManifest.fileName, case .file(let bytes) = entry.kind else { return entry }
            let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { line -> String in
                // Keys and what hangs on them; the rest of the comments is prose.
                guard let match = line.wholeMatch(of: /( *)# (( *)(-|[a-z]+:) .*|( *)[a-z]+:)/),
                    !match.2.hasPrefix("stoker ")
                else { return String(line) }
                return String(match.1) + String(match.2)
            }
            return .file(entry.path, Array(lines.joined(separator: "\n").utf8))
        }
        let found = try Self.findings(entries)
        #expect(found.findings.filter { $0.severity == .error } == [])
        #expect(found.template?.manifest.presets[0].prebuilds?.schedule.count == 1)
        #expect(found.template?.manifest.agents == ["main"])
    }

    @Test func `a directory gives its name, and nothing in it is replaced`() throws {
        let area = "\(FileManager.default.temporaryDirectory.path)/start-\(UInt64.random(in: .min ... .max))"
        defer { try? FileManager.default.removeItem(atPath: area) }
        #expect(TemplateSource.name(of: "\(area)/My own.template/") == "My-own.template")
        #expect(TemplateSource.name(of: "-x-") == "x")
        let files = try TemplateStart.process.write(named: "mine", to: area)
        #expect(files == ["provision", "stoker.yaml"])
        #expect(FileManager.default.isExecutableFile(atPath: "\(area)/provision"))
        let error = #expect(throws: CommandError.self) { try TemplateStart.terraform.write(named: "x", to: area) }
        #expect(error?.status == .refused && error?.message.contains("stoker.yaml") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: area).sorted() == files)
    }
}
