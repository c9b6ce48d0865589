// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain

extension CoderTemplate {
    /// What a plan says differently from the text of the module, or in addition to it, in words.
    ///
    /// Texts that are only shown, such as icons, are not compared.
    package func differences(from text: CoderTemplate) -> [String] {
        var differences: [String] = []
        for parameter in parameters {
            let name = "parameter '\(Excerpt.of(parameter.name))'"
            guard let before = text.parameters.first(where: { $0.name == parameter.name }) else {
                differences.append("\(name) is there, and the text does not show it")
                continue
            }
            differences += Self.compare(parameter.facts, before.facts).map { "\(name): \($0)" }
        }
        for parameter in text.parameters where !parameters.contains(where: { $0.name == parameter.name }) {
            differences.append("parameter '\(Excerpt.of(parameter.name))' is not there")
        }
        for preset in presets {
            let name = "preset '\(Excerpt.of(preset.name))'"
            guard let before = text.presets.first(where: { $0.name == preset.name }) else {
                differences.append("\(name) is there, and the text does not show it")
                continue
            }
            differences += Self.compare(preset.facts, before.facts).map { "\(name): \($0)" }
        }
        for preset in text.presets where !presets.contains(where: { $0.name == preset.name }) {
            differences.append("preset '\(Excerpt.of(preset.name))' is not there")
        }
        differences += Self.compare(
            tags.map { ("tag \($0.key)", $0.value) },
            text.tags.map { ("tag \($0.key)", $0.value) }
        )
        if Set(agents.map(\.name)) != Set(text.agents.map(\.name)) {
            differences.append("the agents are \(Suggestion.list(agents.map(\.name)))")
        }
        return differences
    }

    private static func compare(_ planned: [(String, String)], _ text: [(String, String)]) -> [String] {
        let before = Dictionary(text) { first, _ in first }
        let now = Dictionary(planned) { first, _ in first }
        return Set(before.keys).union(now.keys).sorted().compactMap { name in
            guard before[name] != now[name] else { return nil }
            let was = before[name].map { "the text says \(Excerpt.of($0))" } ?? "the text does not say it"
            return "\(name) is \(now[name].map { Excerpt.of($0) } ?? "not set"); \(was)"
        }
    }
}

extension CoderParameter {
    /// The default in the form of its type.
    package func canonical(_ text: String) -> String { ParameterType(type).canonical(text) ?? text }

    fileprivate var facts: [(String, String)] {
        let all: [(String, String?)] = [
            ("type", type), ("default", isMasked ? nil : defaultValue), ("required", required ? "true" : nil),
            ("mutable", mutable ? "true" : nil), ("ephemeral", ephemeral ? "true" : nil),
            ("options", hasOpenOptions || options.isEmpty ? nil : options.map(\.value).joined(separator: ", ")),
            ("min", rules.minimum.map { "\($0)" }), ("max", rules.maximum.map { "\($0)" }), ("regex", rules.regex),
            ("monotonic", rules.monotonic),
        ]
        return all.compactMap { name, value in value.map { (name, $0) } }
    }
}

extension CoderPreset {
    fileprivate var facts: [(String, String)] {
        var facts = parameters.map { ($0.key, $0.value) }
        if isDefault { facts.append(("default", "true")) }
        guard let prebuilds else { return facts }
        facts.append(("instances", prebuilds.instances))
        if let ttl = prebuilds.ttl { facts.append(("ttl", ttl)) }
        if let timezone = prebuilds.timezone { facts.append(("timezone", timezone)) }
        if !prebuilds.schedule.isEmpty {
            facts.append(
                ("schedule", prebuilds.schedule.map { "\($0.cron) x \($0.instances)" }.joined(separator: ", "))
            )
        }
        return facts
    }
}
