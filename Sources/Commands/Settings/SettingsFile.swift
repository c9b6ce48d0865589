// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Templates
import Yams

/// A configuration file: values by the names of their settings, each with its line.
struct SettingsFile: Sendable {
    struct Entry: Hashable, Sendable {
        let text: SettingText
        let line: Int
    }

    let path: String
    let entries: [String: Entry]

    /// Reads a file from disk.
    static func load(_ path: String) throws(SettingsError) -> SettingsFile {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw SettingsError("\(path): the configuration file cannot be read; see that it exists and may be read")
        }
        return try SettingsFile(yaml: String(String(decoding: data, as: UTF8.self).withoutByteOrderMark), path: path)
    }

    /// Throws all unknown names at once, with their lines and suggestions.
    init(yaml: String, path: String) throws(SettingsError) {
        var walk = SettingsFileWalk(path: path)
        do {
            if let root = try Yams.compose(yaml: yaml) { walk.visit(root, name: "", line: 1) }
        } catch let error as YamlError {
            throw SettingsError(Self.sentence(error, path))
        } catch {
            throw SettingsError("\(path): \(error)")
        }
        guard walk.problems.isEmpty else { throw SettingsError(walk.problems) }
        self.path = path
        entries = walk.entries
    }

    private static func sentence(_ error: YamlError, _ path: String) -> String {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            "\(path):\(mark.line):\(mark.column): \(problem)"
        case .duplicatedKeysInMapping(let keys, let context):
            "\(path):\(context.mark.line): '\(keys.map { "\($0)" }.sorted().joined(separator: "', '"))' stands there twice"
        default: "\(path): \(error)"
        }
    }
}

/// Walks the file's tree and collects values and problems.
private struct SettingsFileWalk {
    let path: String
    var entries: [String: SettingsFile.Entry] = [:]
    var problems: [String] = []

    mutating func visit(_ node: Node, name: String, line: Int) {
        let line = node.mark?.line ?? line
        let key = SettingKey.named(name)
        switch node {
        case .mapping(let mapping):
            if let key { return enter(key, key.form == .object ? json(mapping) : .mapping, line) }
            for (child, value) in mapping {
                let part = child.scalar?.string ?? ""
                let place = child.mark?.line ?? line
                visitMember(value, name: name.isEmpty ? part : "\(name).\(part)", line: place)
            }
        case .scalar(let scalar):
            // A name or a section without content counts as absent.
            if [.plain, .any].contains(scalar.style), ["", "~", "null"].contains(scalar.string) { return }
            if let key { return enter(key, .scalar(scalar.string), line) }
            let section =
                name.isEmpty ? "expected settings such as 'database:'" : "'\(name)' holds settings, not a value"
            report(section, line)
        case .sequence(let sequence):
            guard let key else { return report(SettingKey.unknown(name), line) }
            enter(key, .list(sequence.map { $0.scalar?.string ?? "" }), line)
        case .alias: report("aliases are not allowed here", line)
        }
    }

    /// Refuses names that are neither a setting nor a section.
    private mutating func visitMember(_ node: Node, name: String, line: Int) {
        let leads = SettingKey.all.contains { $0.name == name || $0.name.hasPrefix(name + ".") }
        guard leads else {
            let leaf = firstLeaf(of: node, name)
            return report(SettingKey.unknown(leaf), line)
        }
        // The line of the name when the value is on it, and not the next one.
        visit(node, name: name, line: line)
    }

    /// The first complete name below an unknown one, so that a misspelt section leads to the right suggestion.
    private func firstLeaf(of node: Node, _ name: String) -> String {
        guard let (key, value) = node.mapping?.first, let part = key.scalar?.string else { return name }
        return firstLeaf(of: value, "\(name).\(part)")
    }

    private mutating func enter(_ key: SettingKey, _ text: SettingText, _ line: Int) {
        entries[key.name] = SettingsFile.Entry(text: text, line: line)
    }

    private mutating func report(_ problem: String, _ line: Int) {
        problems.append("\(path):\(line): \(problem)")
    }

    private func json(_ mapping: Node.Mapping) -> SettingText {
        let pairs = mapping.map { ($0.key.scalar?.string ?? "", $0.value.scalar?.string ?? "") }
        let object = Dictionary(pairs) { first, _ in first }
        return .scalar(JSONText.compact(object))
    }
}
