// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Templates

/// Templates that try to use up the time, the memory or the stack of their reader.
@Suite(.timeLimit(.minutes(1))) struct ReaderBoundsTests {
    private func errors(_ yaml: String) -> [String] {
        do throws(TemplateErrors) {
            _ = try TemplateManifest(yaml: yaml) { _ in true }
            return []
        } catch {
            return error.errors.map(\.description)
        }
    }

    /// Lists of nine aliases each, so often within each other.
    private func laughs(_ depth: Int) -> String {
        (1...depth).reduce("x0: &x0 [a, a, a, a, a, a, a, a, a]\n") { text, level in
            text + "x\(level): &x\(level) [" + (0..<9).map { _ in "*x\(level - 1)" }.joined(separator: ", ") + "]\n"
        }
    }

    @Test func `aliases are counted before they are put anywhere, as keys too`() {
        #expect(errors(laughs(11)) == ["stoker.yaml:5:35: it holds too many values"])
        // If it were hashed, such a key would take far too long.
        #expect(errors(laughs(3) + "? *x3\n: 1\n") == ["stoker.yaml:1:1: a key must be a word"])
        #expect(errors("a: &a [1]\nb: { *a : 1 }\n") == ["stoker.yaml:2:4: a key must be a word"])
    }

    @Test func `what aliases nest is nested too deeply, and one long word is much text`() {
        let nested = (1..<200).reduce("a0: &a0 x\n") { text, level in
            text + "a\(level): &a\(level) [[[[[[[[[[*a\(level - 1)]]]]]]]]]]\n"
        }
        #expect(errors(nested).first?.hasSuffix("it is nested too deeply") == true)
        let long =
            "a: &a \(String(repeating: "x", count: 20_000))\nagents: [\(String(repeating: "*a, ", count: 100))]\n"
        #expect(errors(long).first?.hasSuffix("it holds too much text") == true)
    }

    @Test func `a name that is said twice, a document that is said twice, and no UTF-8 of YAML are located`() {
        #expect(errors("a: 1\nb: \u{1}\n") == ["stoker.yaml:2:4: this is not YAML: control characters are not allowed"])
        #expect(errors("a: 1\n---\nb: 2\n").first?.contains("found another document") == true)
        #expect(errors("a: *b\n") == ["stoker.yaml:1:4: this is not YAML: found undefined alias"])
    }

    @Test func `an expression that would be tried for ever is matched at once`() {
        let yaml = """
            name: a
            provisioner: process
            parameters:
              p: { validation: { regex: "^(a+)+$" }, default: "\(String(repeating: "a", count: 60))!" }
            """
        #expect(errors(yaml).count == 1)
        #expect(errors(yaml).first?.contains("does not match") == true)
    }

    @Test func `of many errors the first are told, and a suggestion costs no more than it is worth`() {
        let keys = (0..<5_000).map { "key\($0): 1\n" }.joined()
        #expect(errors("name: a\n" + keys).count == 100)
        let names = (0..<5_000).map { "  parameter\($0): { default: a }\n" }.joined()
        #expect(
            errors("name: a\nprovisioner: process\nparameters:\n" + names).first?
                .contains("5000 entries; at most 1000 are allowed") == true
        )
    }

    @Test func `a path's own directories are counted`() {
        let limits = ArchiveLimits(entries: 1_000)
        let entries = (0..<10).map { ArchiveEntry.file("\($0)/" + String(repeating: "a/", count: 200) + "x", []) }
        #expect(throws: ArchiveRefusal.self) { try TarArchive.pack(entries, limits: limits) }
        #expect(throws: Never.self) { try TarArchive.pack(Array(entries.prefix(4)), limits: limits) }
    }
}
