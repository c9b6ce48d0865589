// SPDX-License-Identifier: Apache-2.0

import Basics
import Patterns
import Time

@testable import Templates

/// What a template's archive holds.
extension FuzzTarget {
    /// Errors name a place in the file, and there are not too many to read.
    private static func check(_ errors: TemplateErrors, lines: [String: Int]) throws {
        try hold(!errors.errors.isEmpty, "there is an error, and it says nothing")
        try hold(errors.errors.count <= 101, "there are \(errors.errors.count) errors")
        for error in errors.errors {
            try hold(!error.message.isEmpty, "an error without words")
            try hold(error.description.utf8.count < 16 << 10, "an error of \(error.description.utf8.count) bytes")
            try hold(
                error.line >= 1 && error.column ?? 1 >= 1,
                "a place that is none: \(error.line):\(error.column ?? 0)"
            )
            guard let most = lines[error.file] else {
                throw Broken("an error in a file that is not there: \(error.file)")
            }
            try hold(error.line <= most, "line \(error.line) of a file of \(most)")
        }
    }

    private static func lines(_ text: String) -> Int {
        text.unicodeScalars.count { "\n\r\u{85}\u{2028}\u{2029}".unicodeScalars.contains($0) } + 2
    }

    static let manifest = FuzzTarget(
        name: "manifest",
        words: [
            "name: ", "presets:\n", "  - name: a\n", "parameters:\n", "prebuilds: ", "instances: 1\n", "schedule: ",
            "cron: \"* 8-18 * * 1-5\"", "timezone: UTC\n", "&a ", "*a", "? ", ": ", "- ", "[", "]", "{", "}", "|\n",
            ">-\n",
            "\"", "'", "\\x", "\\u", "\\U0010FFFF", "!!str ", "!<tag:yaml.org,2002:map> ", "%YAML 1.1\n", "---\n",
            "...\n",
            "#", "\t", "\r\n", "\u{feff}", "\u{85}", "\u{2028}", "<<: *a\n", "regex: '(a+)+$'\n", "options: ",
            "validation: ",
            "default: ", "provisioner: process\n", "agents: ", "ttl: 24h\n", "null", "~", "*a: *a\n", "[*a, *a, *a]",
        ]
    ) { bytes in
        guard let text = String(validating: bytes, as: UTF8.self) else { return }
        func read() throws -> TemplateManifest? {
            do throws(TemplateErrors) {
                return try TemplateManifest(yaml: text) { $0 == "Europe/Berlin" }
            } catch {
                try check(error, lines: ["stoker.yaml": lines(text)])
                return nil
            }
        }
        guard let manifest = try read() else { return }
        try hold(try read() == manifest, "it is read in two ways")
        try hold(manifest.warnings.count <= 100, "there are \(manifest.warnings.count) warnings")
        try hold(
            manifest.presets.count <= 1_000 && manifest.parameters.count <= 1_000,
            "there is more than there may be"
        )
        try hold(manifest.presets.allSatisfy { 1...64 ~= $0.name.unicodeScalars.count }, "a preset without a name")
    }

    private static let hclWords = [
        "variable \"a\" {\n", "}\n", "type = ", "default = ", "string", "list(string)", "object({ a = string })",
        "<<EOT\n",
        "<<-EOT\n", "EOT\n", "${", "%{", "$${", "\\\"", "\\u00e9", "\\U0010FFFF", "/*", "*/", "//", "#",
        "validation {\n",
        "condition = contains([\"a\"], var.a)\n", "error_message = \"no\"\n", "[", "]", "(", ")", ",", "=>", "...",
        "1e9",
        "-", "\r\n", "\u{feff}", "\u{2028}", "sensitive = true\n", "nullable = false\n",
    ]

    /// Properties of a module's variables in either syntax.
    private static func checkModule(_ file: String, _ bytes: [UInt8]) throws {
        guard let text = String(validating: bytes, as: UTF8.self) else { return }
        let files = [SourceFile(name: file, text: text), SourceFile(name: "x_override.tf", text: "")]
        func read() throws -> [TerraformVariable]? {
            do throws(TemplateErrors) {
                return try TerraformVariables.variables(in: files)
            } catch {
                try check(error, lines: [file: lines(text)])
                return nil
            }
        }
        guard let variables = try read() else { return }
        try hold(try read() == variables, "it is read in two ways")
        try hold(Set(variables.map(\.name)).count == variables.count, "two variables of one name")
        try hold(variables.allSatisfy { 1...lines(text) ~= $0.line }, "a variable of no line")
        let yaml = "name: a\npresets:\n  - name: p\n    parameters: { a: b }\n"
        do throws(TemplateErrors) {
            _ = try TemplateManifest(yaml: yaml, module: files) { _ in true }
        } catch {
            try check(error, lines: [file: lines(text), "stoker.yaml": 6])
        }
    }

    static let native = FuzzTarget(name: "hcl", words: hclWords) { try checkModule("main.tf", $0) }

    static let json = FuzzTarget(
        name: "json",
        words: [
            #"{"variable":"#, #""a":"#, #""type":"string""#, #""default":"#, #""validation":"#,
            #""condition":"${true}""#,
            #""//":"#, "[", "]", "{", "}", ",", ":", "\"", #"\u0000"#, #"\ud800"#, #"\udc00"#, "1e9", "-0", "true",
            "null",
            "\u{feff}", "\t", "\\",
        ]
    ) { try checkModule("main.tf.json", $0) }

    static let tar = FuzzTarget(
        name: "tar",
        words: [
            "ustar\u{0}00", "ustar  \u{0}", "../", "./", "/", "\u{0}", "stoker.yaml", "9 path=a\n", "12 linkpath=a\n",
            "12 size=100\n", "14 GNU.sparse.", "0000644\u{0}", "77777777777", "x", "g", "L", "K", "1", "2", "5",
        ],
        repair: TarBlocks.withChecksums
    ) { bytes in
        let entries: [ArchiveEntry]
        do throws(ArchiveRefusal) {
            entries = try TarArchive.unpack(bytes)
        } catch {
            return try hold(!error.description.isEmpty, "a refusal without words")
        }
        let limits = ArchiveLimits()
        try hold(entries.count <= limits.entries, "more entries than there may be")
        for entry in entries {
            let steps = entry.path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            let isInside = steps.allSatisfy { step in
                !step.isEmpty && !step.elementsEqual(".".utf8) && !step.elementsEqual("..".utf8)
            }
            try hold(isInside, "a path that leads out: \(entry.path.debugDescription)")
            try hold(entry.mode <= 0o777, "a mode that is no permission")
        }
        do throws(ArchiveRefusal) {
            let packed = try TarArchive.pack(entries)
            let again = try TarArchive.unpack(packed)
            let sorted = { (entries: [ArchiveEntry]) in
                entries.sorted { $0.path < $1.path }.filter { $0.kind != .directory }
            }
            // Modes are normalized, so that equal trees give equal bytes.
            let isSame = zip(sorted(again), sorted(entries)).allSatisfy { $0.path == $1.path && $0.kind == $1.kind }
            try keep(isSame && sorted(again).count == sorted(entries).count, "what is packed is not what was unpacked")
            try keep(TarArchive.pack(again) == packed, "equal trees give other bytes")
        } catch {
            throw Broken("what was unpacked is refused: \(error)")
        }
        do throws(TemplateErrors) {
            _ = try TemplateManifest(entries: entries) { _ in true }
        } catch {
            try hold(!error.errors.isEmpty && error.errors.count <= 101, "\(error.errors.count) errors")
        }
    }

    /// As ``hold(_:_:)``, among errors of archives.
    private static func keep(_ condition: Bool, _ what: String) throws(ArchiveRefusal) {
        if !condition { throw ArchiveRefusal(.malformed, what) }
    }

    /// Regular expressions, schedules and durations: the first line is one, the rest is what it is tried on.
    static let patterns = FuzzTarget(
        name: "patterns",
        words: [
            "(", ")", "[", "]", "[^", "{0,1000}", "{1000}", "*", "+", "?", "|", "(?i)", "(?P<a>", "\\b", "\\d",
            "\\p{L}", "^", "$",
            ".", "[[:alpha:]]", "a", "* * * * *", "1-5", "*/2", "mon-fri", "24h", "1d2h", "\n",
        ]
    ) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        let expression = String(text.prefix { $0 != "\n" }.unicodeScalars.prefix(TemplateLimits.pattern))
        let value = String(text.dropFirst(expression.count + 1).unicodeScalars.prefix(1 << 10))
        if let pattern = Pattern(expression) {
            try hold(pattern.isFound(in: value) == pattern.isFound(in: value), "it is found in two ways")
        }
        if let seconds = DurationNotation.seconds(expression) {
            try hold(0...Int(Int32.max) ~= seconds, "a duration of \(seconds) s")
        }
        do {
            let cron = try CronExpression(expression)
            try hold(cron.text == expression, "another expression than was written")
        } catch let error as CronError {
            try hold(!"\(error)".isEmpty, "an error without words")
        }
    }
}

/// Blocks of a tar archive.
private enum TarBlocks {
    /// The archive with the right sum in every block that looks like a header.
    static func withChecksums(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for start in stride(from: 0, to: bytes.count - 511, by: 512) {
            let magic = bytes[start + 257..<start + 262]
            guard magic.elementsEqual("ustar".utf8) else { continue }
            bytes.replaceSubrange(start + 148..<start + 156, with: Array("        ".utf8))
            let sum = String(bytes[start..<start + 512].reduce(0) { $0 + Int($1) }, radix: 8)
            let digits = String(repeating: "0", count: 6 - sum.count) + sum
            bytes.replaceSubrange(start + 148..<start + 156, with: Array(digits.utf8) + [0, 32])
        }
        // The end mark; most archives that lose it end early.
        return bytes.suffix(1024).allSatisfy { $0 == 0 } ? bytes : pad(bytes) + [UInt8](repeating: 0, count: 1024)
    }

    private static func pad(_ bytes: [UInt8]) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
    }
}
