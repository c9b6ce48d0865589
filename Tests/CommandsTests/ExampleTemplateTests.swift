// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Operations
import Store
import Templates
import Testing

@testable import Commands

@Suite struct ExampleTemplateTests {
    @Test(arguments: ExampleTemplate.allCases)
    func `the program carries the files of the repository`(example: ExampleTemplate) throws {
        let directory = "\(SettingsTableTests.repository)/Config/templates/\(example.rawValue)"
        let files = try TemplateSource.contents(at: directory).entries.filter { $0.path != "README.md" }
        #expect(example.entries.map(\.path) == files.map(\.path))
        #expect(example.entries.map(\.isExecutable) == files.map(\.isExecutable))
        for (embedded, file) in zip(example.entries, files) { #expect(Self.text(embedded) == Self.text(file)) }
    }

    private static func text(_ entry: ArchiveEntry) -> String? {
        if case .file(let bytes) = entry.kind { String(decoding: bytes, as: UTF8.self) } else { nil }
    }

    @Test(arguments: ExampleTemplate.allCases)
    func `an example is a template with a pool`(example: ExampleTemplate) throws {
        let packed = try PackedTemplate(TemplateContents(example.entries), zones: ZoneDirectory())
        #expect(packed.manifest.name == example.rawValue)
        #expect(packed.manifest.warnings == [])
        #expect(packed.manifest.presets.contains { $0.isDefault && ($0.prebuilds?.instances ?? 0) > 0 })
    }

    @Test func `equal directories give equal archives, and the version is called after them`() throws {
        let first = try PackedTemplate(TemplateContents(ExampleTemplate.process.entries), zones: ZoneDirectory())
        let second = try PackedTemplate(
            TemplateContents(ExampleTemplate.process.entries.reversed()),
            zones: ZoneDirectory()
        )
        #expect(first.archive == second.archive)
        #expect(first.push().versionName == String(first.hash.prefix(10)))
        #expect(first.push(versionName: "v2").versionName == "v2")
    }
}
