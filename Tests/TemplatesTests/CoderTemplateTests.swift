// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Templates
import Testing

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
