// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Templates
import Testing

@Suite struct ExampleTemplatesTests {
    /// The examples below `Config/templates`, as an archive would hold them.
    private func entries(of template: String) throws -> [ArchiveEntry] {
        let tests = #filePath.split(separator: "/").dropLast(3)
        let directory = "/" + tests.joined(separator: "/") + "/Config/templates/" + template
        return try FileManager.default.contentsOfDirectory(atPath: directory).sorted().map { name in
            let path = "\(directory)/\(name)"
            let content = try #require(FileManager.default.contents(atPath: path), "\(path)")
            return .file(name, Array(content), executable: FileManager.default.isExecutableFile(atPath: path))
        }
    }

    @Test func `terraform-local keeps two ready, and shows what a replacing claim does`() throws {
        let archive = try TarArchive.pack(entries(of: "terraform-local"))
        let read = try TemplateManifest(entries: TarArchive.unpack(archive), timeZoneExists: isTestZone)
        #expect(read.name == "terraform-local")
        #expect(read.warnings == [])
        #expect(read.parameters.map(\.name) == ["region", "image", "replace_on_claim"])
        #expect(read.parameters.map(\.required) == [true, false, false])
        #expect(
            read.presets.map(\.parameters) == [
                ["region": "eu", "image": "base"], ["region": "us", "image": "base", "replace_on_claim": "true"],
            ]
        )
        #expect(read.presets.map(\.prebuilds?.instances) == [2, 1])
        #expect(read.presets.map(\.isDefault) == [true, false])
    }

    @Test func `process-local keeps two ready`() throws {
        let archive = try TarArchive.pack(entries(of: "process-local"))
        let read = try TemplateManifest(entries: TarArchive.unpack(archive), timeZoneExists: isTestZone)
        #expect(read.name == "process-local")
        #expect(read.warnings == [])
        #expect(read.executable == "provision")
        #expect(read.parameters.map(\.defaultValue) == ["base", "5"])
        #expect(read.presets.map(\.prebuilds?.instances) == [2])
    }
}
