// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Templates
import Testing

/// A directory with templates and modules of others, such as a copy of a public registry. None is in this repository.
private let others = ProcessInfo.processInfo.environment["STOKER_TEST_CODER_TEMPLATES"]

/// Templates in Coder's form (`Tests/CoderTemplates`), each with what must be read from it, written by hand.
@Suite struct CoderTemplateTests {
    private static let corpus =
        "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/") + "/CoderTemplates"

    private static func names(refused: Bool) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: corpus)) ?? []
        return names.filter { $0.hasPrefix("refused-") == refused }.sorted()
    }

    private static func entries(of template: String) throws -> [ArchiveEntry] {
        let root = "\(corpus)/\(template)"
        return try FileManager.default.subpathsOfDirectory(atPath: root).sorted().compactMap { path in
            guard path != "expected.txt", let bytes = FileManager.default.contents(atPath: "\(root)/\(path)") else {
                return nil
            }
            return .file(path, Array(bytes))
        }
    }

    private static func expected(of template: String) throws -> String {
        let data = try #require(FileManager.default.contents(atPath: "\(corpus)/\(template)/expected.txt"))
        return String(decoding: data, as: UTF8.self)
    }

    @Test func `there are enough of them`() {
        #expect(Self.names(refused: false).count >= 20)
        #expect(Self.names(refused: true).count >= 4)
    }

    @Test(arguments: CoderTemplateTests.names(refused: false))
    func `a template is read as its table says`(name: String) throws {
        let entries = try Self.entries(of: name)
        let read = try TemplateManifest(entries: entries, name: name, timeZoneExists: isTestZone)
        #expect(read.name == name)
        #expect(try Table(read).text == Self.expected(of: name))
    }

    @Test func `values that refer to each other stay small, and deep ones do no harm`() throws {
        var module = "locals {\n  l0 = \"0123456789\"\n  d0 = [0, 1]\n"
        for index in 1...60 {
            module += "  l\(index) = \"${local.l\(index - 1)}${local.l\(index - 1)}\"\n"
            module += "  d\(index) = [local.d\(index - 1), local.d\(index - 1)]\n"
        }
        module += "}\n"
        for index in 0...60 {
            let inside = index == 0 ? "x" : String(repeating: "${data.coder_parameter.p\(index - 1).default}", count: 2)
            module += "data \"coder_parameter\" \"p\(index)\" {\n name = \"p\(index)\"\n default = \"\(inside)\"\n}\n"
        }
        let deep = String(repeating: "[", count: 50_000) + String(repeating: "]", count: 50_000)
        module += "data \"coder_parameter\" \"deep\" {\n name = \"deep\"\n default = jsonencode(\(deep))\n}\n"
        module += "data \"coder_parameter\" \"long\" {\n name = \"long\"\n default = local.l60\n}\n"
        module += "data \"coder_parameter\" \"wide\" {\n name = \"wide\"\n default = jsonencode(local.d60)\n}\n"
        module += "module \"m\" {\n source = \"./m\"\n}\n"
        let again = (0..<100).map { "module \"m\($0)\" {\n source = \"../m\"\n}\n" }.joined()
        let entries = [ArchiveEntry.file("main.tf", Array(module.utf8)), .file("m/main.tf", Array(again.utf8))]
        let read = try TemplateManifest(entries: entries, name: "x", timeZoneExists: isTestZone)
        let values = Dictionary(read.parameters.map { ($0.name, $0.defaultValue) }) { first, _ in first }
        #expect(values["p3"] == "xxxxxxxx")
        for name in ["p60", "deep", "long", "wide"] { #expect(values[name] == .some(nil), "\(name)") }
    }

    @Test(.enabled(if: others != nil))
    func `templates of others are read`() throws {
        let root = try #require(others)
        let files = try FileManager.default.subpathsOfDirectory(atPath: root).filter { $0.hasSuffix(".tf") }
        let directories = Set(files.map { $0.split(separator: "/").dropLast().joined(separator: "/") }).sorted()
        for directory in directories {
            let entries = try FileManager.default.subpathsOfDirectory(atPath: "\(root)/\(directory)").sorted()
                .compactMap { path -> ArchiveEntry? in
                    guard path.hasSuffix(".tf"),
                        let bytes = FileManager.default.contents(atPath: "\(root)/\(directory)/\(path)")
                    else { return nil }
                    return .file(path, Array(bytes))
                }
            do {
                let read = try TemplateManifest(entries: entries, name: "x", timeZoneExists: { _ in true })
                print("== \(directory)\n\(try Table(read).text)")
            } catch let errors as TemplateErrors {
                // A module without any of Coder's blocks is no template.
                guard errors.errors.first?.file != TemplateManifest.fileName else { continue }
                print("== \(directory)\nREFUSED \(errors)")
            }
        }
    }

    @Test(arguments: CoderTemplateTests.names(refused: true))
    func `what cannot be meant is refused with file, line and remedy`(name: String) throws {
        let entries = try Self.entries(of: name)
        let refused = #expect(throws: TemplateErrors.self) {
            try TemplateManifest(entries: entries, name: name, timeZoneExists: isTestZone)
        }
        let expected = try Self.expected(of: name)
        let said = try #require(refused).description
        #expect(said.hasPrefix(expected.trimmingSuffix("\n")), "\(said)")
    }
}

extension String {
    fileprivate func trimmingSuffix(_ end: String) -> Substring {
        hasSuffix(end) ? dropLast(end.count) : self[...]
    }
}

/// A manifest in a few words a line.
private struct Table {
    let text: String

    init(_ manifest: TemplateManifest) throws {
        var lines = manifest.parameters.map(Self.line)
        lines += manifest.presets.map(Self.line)
        if manifest.coder?.hasOpenPresets == true { lines.append("open presets") }
        lines += manifest.tags.sorted { $0.key < $1.key }.map { "tag \($0.key)=\($0.value)" }
        lines += manifest.agents.map { "agent \($0)" }
        let notes = manifest.coder?.notes ?? []
        let inert = notes.filter { $0.message.hasPrefix("inert here") }.map(\.field).filter { $0 != "coder_agent" }
        if !inert.isEmpty { lines.append("inert " + inert.joined(separator: " ")) }
        for note in notes where !note.message.hasPrefix("inert here") {
            lines.append("note \(note.file):\(note.line) \(note.field)")
        }
        text = lines.map { "\($0.replacing("\n", with: "|"))\n" }.joined()
    }

    private static func line(_ parameter: TemplateParameter) -> String {
        var words = [parameter.source == .coder ? "parameter" : "variable", parameter.name, parameter.type]
        if parameter.required { words.append("required") }
        if let value = parameter.defaultValue { words.append("default=\(value)") }
        if !parameter.options.isEmpty { words.append("options=\(parameter.options.joined(separator: ","))") }
        let rules = parameter.rules
        if let minimum = rules.minimum { words.append("min=\(Int(minimum))") }
        if let maximum = rules.maximum { words.append("max=\(Int(maximum))") }
        if let regex = rules.regex { words.append("regex=\(regex)") }
        if let monotonic = rules.monotonic { words.append("monotonic=\(monotonic)") }
        if parameter.mutable { words.append("mutable") }
        if parameter.ephemeral { words.append("ephemeral") }
        if parameter.sensitive { words.append("masked") }
        return words.joined(separator: " ")
    }

    private static func line(_ preset: TemplatePreset) -> String {
        var words = ["preset", preset.name]
        if preset.isDefault { words.append("default") }
        if let pool = preset.prebuilds {
            words.append("pool=\(pool.instances)")
            if pool.weight != 1 { words.append("weight=\(pool.weight)") }
            if pool.ttlSeconds > 0 { words.append("ttl=\(pool.ttlSeconds)") }
            if !pool.timezone.isEmpty { words.append("zone=\(pool.timezone)") }
            words += pool.schedule.map { "window=[\($0.cron)]x\($0.instances)" }
        }
        words += preset.parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return words.joined(separator: " ")
    }
}
