// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain

/// Joins Coder's blocks and `stoker.yaml`: both become one document, in which `stoker.yaml` has the last word.
enum CoderOverlay {
    /// - Parameter yaml: The document of `stoker.yaml`; `nil`: there is none, or it is empty.
    static func root(of coder: CoderTemplate, under yaml: YAMLNode?, name: String?) -> YAMLNode {
        let builder = NodeBuilder(coder)
        guard case .mapping(let pairs)? = yaml?.content ?? .mapping([]) else { return yaml ?? builder.empty }
        // For a program, the files of a module are only files.
        if let provisioner = scalar("provisioner", in: pairs), provisioner != ProvisionerType.terraform.rawValue {
            return yaml ?? builder.empty
        }
        var root = pairs
        if !has("name", in: pairs), let name { root.append(builder.pair("name", builder.text(name))) }
        let presets = builder.presets(under: value("presets", in: pairs))
        set("presets", presets, in: &root, builder)
        if !coder.tags.isEmpty {
            let tags = builder.mapping(coder.tags.sorted { $0.key < $1.key }.map { ($0.key, builder.text($0.value)) })
            set("tags", merged(tags, value("tags", in: pairs)), in: &root, builder)
        }
        if !has("agents", in: pairs), let agent = coder.waitedAgent {
            set("agents", builder.sequence([builder.text(agent.storedName, at: agent.place)]), in: &root, builder)
        }
        return YAMLNode(
            content: .mapping(root),
            line: yaml?.line ?? coder.place.line,
            column: yaml?.column ?? 1,
            file: yaml == nil ? coder.place.file : nil
        )
    }

    // MARK: Mappings

    static func value(_ name: String, in pairs: [(key: YAMLKey, value: YAMLNode)]) -> YAMLNode? {
        guard let value = pairs.first(where: { $0.key.name == name })?.value else { return nil }
        if case .null = value.content { return nil }
        return value
    }

    private static func has(_ name: String, in pairs: [(key: YAMLKey, value: YAMLNode)]) -> Bool {
        value(name, in: pairs) != nil
    }

    private static func scalar(_ name: String, in pairs: [(key: YAMLKey, value: YAMLNode)]) -> String? {
        guard case .scalar(let text, _)? = value(name, in: pairs)?.content else { return nil }
        return text
    }

    private static func set(
        _ name: String,
        _ value: YAMLNode,
        in pairs: inout [(key: YAMLKey, value: YAMLNode)],
        _ builder: NodeBuilder
    ) {
        pairs.removeAll { $0.key.name == name }
        pairs.append(builder.pair(name, value))
    }

    /// The members of both; those of `over` replace those of `node`, and the members of these names are joined.
    static func merged(_ node: YAMLNode, _ over: YAMLNode?, joining names: [String] = []) -> YAMLNode {
        guard let over else { return node }
        guard case .mapping(let pairs) = node.content, case .mapping(let others) = over.content else { return over }
        var result = pairs
        for (key, value) in others {
            guard let index = result.firstIndex(where: { $0.key.name == key.name }) else {
                result.append((key, value))
                continue
            }
            result[index] = (key, names.contains(key.name) ? merged(result[index].value, value) : value)
        }
        return YAMLNode(content: .mapping(result), line: over.line, column: over.column, file: over.file)
    }
}

extension CoderAgent {
    /// Its name as Stoker's agents are named.
    var storedName: String {
        var name = String(
            name.unicodeScalars.map { scalar -> Character in
                let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
                return isPlain || scalar == "-" || scalar == "_" ? Character(scalar) : "_"
            }.prefix(64)
        )
        while name.hasPrefix("_") || name.hasPrefix("-") { name.removeFirst() }
        return name.isEmpty ? "main" : name
    }
}

/// Makes nodes of a document from Coder's values, with their places in the module.
private struct NodeBuilder {
    let coder: CoderTemplate

    init(_ coder: CoderTemplate) {
        self.coder = coder
    }

    var empty: YAMLNode { mapping([]) }

    func text(_ text: String, at place: CoderPlace? = nil, isQuoted: Bool = true) -> YAMLNode {
        node(.scalar(text, isQuoted: isQuoted), place)
    }

    func sequence(_ nodes: [YAMLNode], at place: CoderPlace? = nil) -> YAMLNode { node(.sequence(nodes), place) }

    func mapping(_ members: [(String, YAMLNode)], at place: CoderPlace? = nil) -> YAMLNode {
        node(.mapping(members.map { pair($0.0, $0.1) }), place)
    }

    func pair(_ name: String, _ value: YAMLNode) -> (key: YAMLKey, value: YAMLNode) {
        (YAMLKey(name: name, line: value.line, column: value.column, file: value.file), value)
    }

    private func node(_ content: YAMLNode.Content, _ place: CoderPlace?) -> YAMLNode {
        let place = place ?? coder.place
        return YAMLNode(content: content, line: place.line, column: 1, file: place.file)
    }

    // MARK: Presets

    /// Coder's presets, each with what `stoker.yaml` says of the preset of its name, and then its other presets.
    func presets(under yaml: YAMLNode?) -> YAMLNode {
        guard let yaml else { return sequence(all(hasDefault: false)) }
        guard case .sequence(let elements) = yaml.content else { return yaml }
        let names = elements.map { element -> String? in
            guard case .mapping(let pairs) = element.content,
                case .scalar(let name, _)? = CoderOverlay.value("name", in: pairs)?.content
            else { return nil }
            return name
        }
        let hasDefault = elements.contains { element in
            guard case .mapping(let pairs) = element.content,
                case .scalar("true", isQuoted: false)? = CoderOverlay.value("default", in: pairs)?.content
            else { return false }
            return true
        }
        var used: Set<Int> = []
        var result: [YAMLNode] = []
        for (preset, node) in zip(coder.presets, all(hasDefault: hasDefault)) {
            let index = names.firstIndex(of: preset.name)
            if let index { used.insert(index) }
            result.append(
                CoderOverlay.merged(node, index.map { elements[$0] }, joining: ["parameters", "prebuilds"])
            )
        }
        result += elements.indices.filter { !used.contains($0) }.map { elements[$0] }
        return YAMLNode(content: .sequence(result), line: yaml.line, column: yaml.column, file: yaml.file)
    }

    /// A template without presets has one, so that it can be claimed.
    private func all(hasDefault: Bool) -> [YAMLNode] {
        if coder.presets.isEmpty, !coder.hasOpenPresets {
            return [mapping([("name", text("default")), ("default", text("true", isQuoted: false))])]
        }
        return coder.presets.map { preset($0, isDefault: $0.isDefault && !hasDefault) }
    }

    private func preset(_ preset: CoderPreset, isDefault: Bool) -> YAMLNode {
        let place = preset.place
        var members = [("name", text(preset.name, at: place))]
        if !preset.description.isEmpty { members.append(("description", text(preset.description, at: place))) }
        if !preset.icon.isEmpty { members.append(("icon", text(preset.icon, at: place))) }
        if isDefault { members.append(("default", text("true", at: place, isQuoted: false))) }
        let unknown = coder.unknownNames(in: preset)
        let values = preset.parameters.sorted { $0.key < $1.key }.filter { !unknown.contains($0.key) }
        members.append(("parameters", mapping(values.map { ($0.key, value($0.value, of: $0.key, place)) }, at: place)))
        if let prebuilds = preset.prebuilds { members.append(("prebuilds", self.prebuilds(prebuilds))) }
        return mapping(members, at: place)
    }

    /// Coder writes a list as the text of its JSON.
    private func value(_ value: String, of name: String, _ place: CoderPlace) -> YAMLNode {
        guard coder.parameters.first(where: { $0.name == name })?.type == "list(string)",
            case .array(let elements)? = try? JSON(parsing: value)
        else { return text(value, at: place) }
        return sequence(elements.map { text($0.text ?? $0.json, at: place) }, at: place)
    }

    private func prebuilds(_ prebuilds: CoderPrebuilds) -> YAMLNode {
        let place = prebuilds.place
        var members = [("instances", text(prebuilds.instances, at: place, isQuoted: false))]
        if let ttl = prebuilds.ttl {
            // Coder counts in seconds.
            let text = text(Int(ttl) == nil ? ttl : "\(ttl)s", at: place)
            members.append(("expiration_policy", mapping([("ttl", text)], at: place)))
        }
        if let timezone = prebuilds.timezone {
            let rows = prebuilds.schedule.map { row in
                mapping(
                    [
                        ("cron", text(row.cron, at: row.place)),
                        ("instances", text(row.instances, at: row.place, isQuoted: false)),
                    ],
                    at: row.place
                )
            }
            let scheduling = [("timezone", text(timezone, at: place)), ("schedule", sequence(rows, at: place))]
            members.append(("scheduling", mapping(scheduling, at: place)))
        }
        return mapping(members, at: place)
    }
}
