// SPDX-License-Identifier: Apache-2.0

import Basics

/// A parameter's type. It decides which texts are valid values, and which texts are equal values.
///
/// This rule is defined only here: pushed and claimed values are converted to their canonical text, so all other code
/// compares text.
package indirect enum ParameterType: Hashable, Sendable {
    /// Text as it is. Also for a variable without a type: then Terraform takes an outside value as text.
    case text
    case number
    case bool
    /// Any literal.
    case any
    case list(ParameterType)
    case set(ParameterType)
    case map(ParameterType)
    case tuple([ParameterType])
    case object([Attribute])
    /// An unknown type. Its values stay as they are.
    case unknown

    /// An attribute of an object type.
    package struct Attribute: Hashable, Sendable {
        let name: String
        let type: ParameterType
        let isOptional: Bool
        /// The value of a missing optional attribute.
        let defaultValue: JSON
    }

    /// - Parameter name: As Terraform writes it: `string`, `number`, `bool`, `list(string)`, ...
    package init(_ name: String) {
        self = TypeReader.type(name) ?? .unknown
    }

    /// Whether Terraform takes the text itself as the value, and not a literal in it.
    package var isTextual: Bool {
        switch self {
        case .text, .number, .bool: true
        default: false
        }
    }

    /// The canonical text of the value in `text`: `4` for `4.0`, `true` for `1`, compact JSON with sorted names for
    /// `["a", "b"]`. `nil` when it is not a value of the type, by Terraform's conversions.
    package func canonical(_ text: String) -> String? {
        switch self {
        case .text, .unknown: text
        case .number: DecimalNumber(text)?.text
        case .bool: Self.truths[text].map { $0 ? "true" : "false" }
        case .any, .list, .set, .map, .tuple, .object: compound(text)?.json
        }
    }

    /// Whether two texts are equal values; invalid ones are compared as text.
    package func areEqual(_ left: String, _ right: String) -> Bool {
        (canonical(left) ?? left) == (canonical(right) ?? right)
    }

    /// What a value must look like, for an error: `expected …`.
    package var expectation: String {
        switch self {
        case .text, .unknown: "text"
        case .number: "a number"
        case .bool: "true or false"
        case .any: #"a value such as "a", 1, ["a"] or {"a": 1}"#
        case .list(.text), .set(.text): #"a list of strings such as ["a", "b"]"#
        case .list, .set, .tuple: "a list in square brackets of type \(name)"
        case .map, .object: "a map in braces of type \(name)"
        }
    }

    /// The parts that options apply to: the elements of a list, or else the value itself.
    func choices(in canonical: String) -> Set<String> {
        switch self {
        case .list, .set:
            guard case .array(let elements) = JSON(literal: canonical) else { return [canonical] }
            return Set(elements.map { $0.text ?? $0.json })
        default: return [canonical]
        }
    }

    /// An option in the form of ``choices(in:)``.
    func canonicalChoice(_ option: String) -> String {
        switch self {
        case .list(let element), .set(let element): element.canonical(option) ?? option
        default: canonical(option) ?? option
        }
    }

    /// Terraform converts these four.
    private static let truths = ["true": true, "false": false, "1": true, "0": false]

    private func compound(_ text: String) -> JSON? {
        guard let literal = JSON(literal: text), self == .any || literal != .null else { return nil }
        return converted(literal)
    }

    /// The literal as a value of this type (Terraform, "Type Constraints", conversion of types); `nil` when it is none.
    private func converted(_ literal: JSON) -> JSON? {
        if literal == .null { return literal }
        switch (self, literal) {
        case (.any, _), (.unknown, _):
            return literal
        case (.text, _):
            return literal.text.map(JSON.string)
        case (.number, .number):
            return literal
        case (.number, .string(let text)):
            return DecimalNumber(text).map { .number($0.text) }
        case (.bool, .bool):
            return literal
        case (.bool, .string(let text)):
            return Self.truths[text].map(JSON.bool)
        case (.list(let type), .array(let elements)):
            return Self.all(elements.map(type.converted)).map { .array(type == .any ? Self.unified($0) : $0) }
        case (.set(let type), .array(let elements)):
            guard let values = Self.all(elements.map(type.converted)) else { return nil }
            let unique = Set(type == .any ? Self.unified(values) : values)
            return .array(unique.map { ($0.json, $0) }.sorted { $0.0 < $1.0 }.map(\.1))
        case (.tuple(let types), .array(let elements)) where types.count == elements.count:
            return Self.all(zip(types, elements).map { $0.converted($1) }).map(JSON.array)
        case (.map(let type), .object(let members)):
            return Self.all(members.map { type.converted($0.value) }).map { values in
                .object(zip(members, values).map { JSON.Member($0.name, $1) })
            }
        case (.object(let attributes), .object):
            return Self.object(attributes, literal)
        default:
            return nil
        }
    }

    /// Attributes that the type does not have are dropped, as Terraform does.
    private static func object(_ attributes: [Attribute], _ members: JSON) -> JSON? {
        var values: [String: JSON] = [:]
        for attribute in attributes {
            let given = members[attribute.name]
            guard given != nil || attribute.isOptional else { return nil }
            let value = given == nil || attribute.isOptional && given == .null ? attribute.defaultValue : given ?? .null
            guard let converted = attribute.type.converted(value) else { return nil }
            // A missing value and null are equal.
            if !attribute.isOptional || converted != .null { values[attribute.name] = converted }
        }
        return .object(values)
    }

    /// The elements of a list with any element type have one type: if some are strings, all are.
    private static func unified(_ elements: [JSON]) -> [JSON] {
        let texts = elements.compactMap(\.text)
        let hasString = elements.contains { if case .string = $0 { true } else { false } }
        return hasString && texts.count == elements.count ? texts.map(JSON.string) : elements
    }

    private static func all(_ values: [JSON?]) -> [JSON]? {
        let present = values.compactMap(\.self)
        return present.count == values.count ? present : nil
    }

    private var name: String {
        switch self {
        case .text: "string"
        case .number: "number"
        case .bool: "bool"
        case .any, .unknown: "any"
        case .list(let type): "list(\(type.name))"
        case .set(let type): "set(\(type.name))"
        case .map(let type): "map(\(type.name))"
        case .tuple(let types): "tuple([\(types.map(\.name).joined(separator: ", "))])"
        case .object(let attributes):
            "object({\(attributes.map { "\($0.name)=\($0.isOptional ? "optional(\($0.type.name))" : $0.type.name)" }.joined(separator: ", "))})"
        }
    }
}

extension [String: ParameterType] {
    /// The values in their canonical texts; unknown names and invalid values stay as they are.
    package func canonical(_ values: [String: String]) -> [String: String] {
        Dictionary<String, String>(
            uniqueKeysWithValues: values.map { ($0.key, self[$0.key]?.canonical($0.value) ?? $0.value) }
        )
    }
}

/// Reads a type as Terraform writes it.
private struct TypeReader {
    private static let maximumDepth = 50

    private var reader: HCLLiteralReader
    private var depth = 0

    /// `nil` for an unknown type.
    static func type(_ name: String) -> ParameterType? {
        // A variable without a type.
        if name.allSatisfy(\.isWhitespace) { return .text }
        guard let tokens = try? HCLLexer.tokens(of: name) else { return nil }
        var types = Self(reader: HCLLiteralReader(tokens.filter { $0.kind != .newline }))
        guard let type = types.type(), types.reader.isAtEnd else { return nil }
        return type
    }

    private mutating func type() -> ParameterType? {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth, let word = reader.identifier() else { return nil }
        switch word {
        case "string": return .text
        case "number": return .number
        case "bool": return .bool
        case "any": return .any
        case "list": return element().map(ParameterType.list)
        case "set": return element().map(ParameterType.set)
        case "map": return element().map(ParameterType.map)
        case "tuple": return tuple()
        case "object": return object()
        default: return nil
        }
    }

    /// The type in parentheses; any type without them, as before Terraform 0.12.
    private mutating func element() -> ParameterType? {
        guard reader.skip("(") else { return .any }
        guard let type = type(), reader.skip(")") else { return nil }
        return type
    }

    private mutating func tuple() -> ParameterType? {
        guard reader.skip("("), reader.skip("[") else { return nil }
        var types: [ParameterType] = []
        while !reader.skip("]") {
            guard let type = type() else { return nil }
            types.append(type)
            if reader.skip(",") { continue }
            guard reader.skip("]") else { return nil }
            break
        }
        return reader.skip(")") ? .tuple(types) : nil
    }

    private mutating func object() -> ParameterType? {
        guard reader.skip("("), reader.skip("{") else { return nil }
        var attributes: [ParameterType.Attribute] = []
        while !reader.skip("}") {
            guard let attribute = attribute() else { return nil }
            attributes.append(attribute)
            _ = reader.skip(",")
        }
        return reader.skip(")") ? .object(attributes) : nil
    }

    private mutating func attribute() -> ParameterType.Attribute? {
        guard let name = reader.memberName(), reader.skip("=") || reader.skip(":") else { return nil }
        var inner = reader
        guard inner.identifier() == "optional", inner.skip("(") else {
            return type().map { .init(name: name, type: $0, isOptional: false, defaultValue: .null) }
        }
        reader = inner
        guard let type = type() else { return nil }
        var value = JSON.null
        if reader.skip(",") {
            guard let literal = reader.value() else { return nil }
            value = literal
        }
        return reader.skip(")") ? .init(name: name, type: type, isOptional: true, defaultValue: value) : nil
    }
}
