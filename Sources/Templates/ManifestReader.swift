// SPDX-License-Identifier: Apache-2.0

import Basics

/// Reads the values of `stoker.yaml` and collects all errors: it goes on after an error, with a value that lets the
/// rest be read.
struct ManifestReader {
    let file: String
    private(set) var errors: [TemplateError] = []
    private(set) var warnings: [TemplateWarning] = []
    /// What the module says in Coder's blocks; `nil` when it has none.
    var coder: CoderTemplate?
    /// The limit of both. Nobody reads more, and a file could be made to have one at each word.
    private static let mostReported = 100

    init(file: String) {
        self.file = file
    }

    // MARK: Reporting

    mutating func report(
        _ message: @autoclosure () -> String,
        at node: YAMLNode,
        _ field: String,
        remedy: @autoclosure () -> String = ""
    ) {
        guard errors.count < Self.mostReported else { return }
        errors.append(error(message(), (node.file, node.line, node.column), field, remedy()))
    }

    mutating func report(
        _ message: @autoclosure () -> String,
        at key: YAMLKey,
        _ field: String,
        remedy: @autoclosure () -> String = ""
    ) {
        guard errors.count < Self.mostReported else { return }
        errors.append(error(message(), (key.file, key.line, key.column), field, remedy()))
    }

    mutating func report(_ error: TemplateError) {
        if errors.count < Self.mostReported { errors.append(error) }
    }

    mutating func warn(_ warning: TemplateWarning) {
        if warnings.count < Self.mostReported { warnings.append(warning) }
    }

    mutating func warn(
        _ message: @autoclosure () -> String,
        at node: YAMLNode,
        _ field: String,
        remedy: @autoclosure () -> String = ""
    ) {
        guard warnings.count < Self.mostReported else { return }
        warnings.append(error(message(), (node.file, node.line, node.column), field, remedy()))
    }

    private func error(
        _ message: String,
        _ place: (file: String?, line: Int, column: Int),
        _ field: String,
        _ remedy: String
    ) -> TemplateError {
        TemplateError(
            file: place.file ?? file,
            line: place.line,
            column: place.file == nil ? place.column : nil,
            field: Excerpt.of(field),
            Excerpt.of(message, most: 2_000),
            remedy: remedy
        )
    }

    // MARK: Structure

    /// The values of a mapping by the keys that `Key` knows; others are reported. A key without a value counts as
    /// absent.
    mutating func fields<Key: ManifestKey>(of node: YAMLNode, _ field: String, as type: Key.Type) -> ManifestFields<Key>
    {
        var values: [Key: YAMLNode] = [:]
        guard case .mapping(let pairs) = node.content else {
            report("expected a mapping of \(Key.names.joined(separator: ", ")), found \(node.kind)", at: node, field)
            return ManifestFields(node: node, field: field, values: [:])
        }
        for (key, value) in pairs {
            guard let known = Key(rawValue: key.name) else {
                report(
                    "there is no such key",
                    at: key,
                    Self.path(field, key.name),
                    remedy: Suggestion.remedy(for: key.name, among: Key.names)
                )
                continue
            }
            if case .null = value.content { continue }
            values[known] = value
        }
        return ManifestFields(node: node, field: field, values: values)
    }

    /// The entries of a mapping whose keys are names from the template: the first ``TemplateLimits/parameters``. More
    /// are an error.
    mutating func entries(_ node: YAMLNode?, _ field: String) -> [(key: YAMLKey, value: YAMLNode)] {
        guard let node else { return [] }
        guard case .mapping(let pairs) = node.content else {
            report("expected a mapping from names to values, found \(node.kind)", at: node, field)
            return []
        }
        return within(TemplateLimits.parameters, pairs, at: node, field)
    }

    private mutating func within<Element>(_ most: Int, _ all: [Element], at node: YAMLNode, _ field: String)
        -> [Element]
    {
        guard all.count > most else { return all }
        report("it has \(all.count) entries; at most \(most) are allowed", at: node, field)
        return Array(all.prefix(most))
    }

    /// The elements of a list, up to the limit. More are an error.
    mutating func elements(_ node: YAMLNode?, _ field: String, most: Int) -> [YAMLNode] {
        guard let node else { return [] }
        guard case .sequence(let elements) = node.content else {
            report("expected a list, found \(node.kind)", at: node, field, remedy: "begin each item with '- '")
            return []
        }
        return within(most, elements, at: node, field)
    }

    // MARK: Scalars

    mutating func text(_ node: YAMLNode?, _ field: String) -> String? {
        guard let node else { return nil }
        guard case .scalar(let text, _) = node.content else {
            report("expected text, found \(node.kind)", at: node, field)
            return nil
        }
        return text
    }

    mutating func flag(_ node: YAMLNode?, _ field: String) -> Bool? {
        guard let node else { return nil }
        switch node.content {
        case .scalar("true", isQuoted: false): return true
        case .scalar("false", isQuoted: false): return false
        default:
            report("expected true or false, found \(node.kind)", at: node, field)
            return nil
        }
    }

    mutating func wholeNumber(_ node: YAMLNode?, _ field: String, in range: ClosedRange<Int>) -> Int? {
        guard let node else { return nil }
        guard case .scalar(let text, isQuoted: false) = node.content, let number = Int(text), range.contains(number)
        else {
            let bounds = "a whole number from \(range.lowerBound) to \(range.upperBound)"
            report("expected \(bounds), found \(node.kind)", at: node, field)
            return nil
        }
        return number
    }

    /// `20%`
    mutating func percent(_ node: YAMLNode?, _ field: String) -> Int? {
        guard let node else { return nil }
        guard case .scalar(let text, _) = node.content, text.hasSuffix("%"), let number = Int(text.dropLast()),
            0...100 ~= number
        else {
            report("expected a percentage from 0% to 100%, such as 20%, found \(node.kind)", at: node, field)
            return nil
        }
        return number
    }

    mutating func number(_ node: YAMLNode?, _ field: String) -> Double? {
        guard let node else { return nil }
        guard case .scalar(let text, isQuoted: false) = node.content, JSON.isNumber(text),
            let number = Double(text),
            number.isFinite
        else {
            report("expected a number, found \(node.kind)", at: node, field)
            return nil
        }
        return number
    }

    mutating func seconds(_ node: YAMLNode?, _ field: String) -> Int? {
        guard let text = text(node, field), let node else { return nil }
        guard let seconds = DurationNotation.seconds(text) else {
            report("expected a duration such as 24h, 90m, 30s or 1h30m, found \(node.kind)", at: node, field)
            return nil
        }
        return seconds
    }

    mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ node: YAMLNode?,
        _ field: String,
        of type: Choice.Type
    ) -> Choice? {
        guard let text = text(node, field), let node else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let names = Choice.allCases.map(\.rawValue)
            report(
                "expected one of \(names.joined(separator: ", ")), found \(node.kind)",
                at: node,
                field,
                remedy: Suggestion.nearest(to: text, among: names).map { "did you mean '\($0)'?" } ?? ""
            )
            return nil
        }
        return choice
    }

    static func path(_ field: String, _ name: String) -> String {
        field.isEmpty ? name : "\(field).\(name)"
    }
}

/// The keys that a mapping of `stoker.yaml` may have.
protocol ManifestKey: RawRepresentable<String>, CaseIterable, Hashable {}

extension ManifestKey {
    static var names: [String] { allCases.map(\.rawValue) }
}

/// The content of one mapping, by key.
struct ManifestFields<Key: ManifestKey> {
    let node: YAMLNode
    let field: String
    let values: [Key: YAMLNode]

    subscript(key: Key) -> YAMLNode? { values[key] }

    func path(_ key: Key) -> String { ManifestReader.path(field, key.rawValue) }
}
