// SPDX-License-Identifier: Apache-2.0

import Basics
import Operations

extension SettingKey {
    static func named(_ name: String) -> SettingKey? {
        all.first { $0.name == name }
    }

    /// The error for an unknown name.
    static func unknown(_ name: String) -> String {
        let remedy = Suggestion.nearest(to: name, among: all.map(\.name)).map { "did you mean '\($0)'?" }
        return "there is no setting '\(name)'; " + (remedy ?? "'stoker config print' shows all of them")
    }

    /// The table of the documentation, in Markdown; a test compares it.
    static var documentation: String {
        let rows = all.map { key in
            let value = key.defaultNote ?? (key.shownDefault == "none" ? "none" : "`\(key.shownDefault)`")
            return "| `\(key.name)` | \(value) | \(key.help) Expected: \(key.expectation). |"
        }
        return (["| key | default | what it does |", "|---|---|---|"] + rows).joined(separator: "\n") + "\n"
    }

    /// The configuration file with every default and its description: the content of `Config/stoker.yaml`.
    static var annotatedFile: String {
        var lines = introduction
        var section: [String] = []
        for key in all {
            let path = Array(key.components.dropLast())
            if path != section {
                let shared = zip(section, path).prefix { $0 == $1 }.count
                if shared == 0 { lines.append("") }
                for depth in path.indices.dropFirst(shared) { lines.append(indent(depth) + path[depth] + ":") }
                section = path
            } else if path.isEmpty {
                lines.append("")
            }
            lines += entry(of: key, depth: path.count)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static let introduction = [
        "# All settings of Stoker with their defaults. A line that begins with '#' and a name has no default.",
        "#",
        "# Precedence: flags ('--set worker.concurrency=8'), the environment (STOKER_ and the name in upper case,",
        "# joined by '_': STOKER_WORKER_CONCURRENCY), for secrets files (STOKER_DATABASE_URL_FILE names one), this file",
        "# ('--config FILE' or STOKER_CONFIG), defaults. 'stoker config print' shows what is in force, and why. A list is",
        "# written 'a,b' in flags and in the environment.",
    ]

    private static func entry(of key: SettingKey, depth: Int) -> [String] {
        let note = key.defaultNote.map { " Default: \($0)." } ?? ""
        let name = key.components.last ?? key.name
        let value = key.defaultText.map { "\(name): \($0)" } ?? "# \(name):"
        return wrapped(key.help + note, width: 110 - 4 * depth).map { indent(depth) + "# " + $0 } + [
            indent(depth) + value
        ]
    }

    private static func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }

    private static func wrapped(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + word.count < width {
                lines[lines.count - 1] = last + " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}
