// SPDX-License-Identifier: Apache-2.0

import Basics

/// The content of one `variable` block, in either syntax; `nil` for what it does not set.
struct VariableDeclaration {
    let name: String
    let line: Int
    var description: String?
    var type: String?
    var hasDefault = false
    /// `nil` when the default is no literal.
    var defaultLiteral: JSON?
    var sensitive: Bool?
    var nullable: Bool?
    var ephemeral: Bool?
    var validations: [(condition: HCLExpression, errorMessage: String)] = []

    /// Sets the fields that this block sets, and keeps the others.
    func apply(to variable: inout TerraformVariable) {
        if let description { variable.description = description }
        if let type { variable.type = type }
        if hasDefault {
            variable.hasDefault = true
            variable.defaultValue = TerraformVariable.outsideText(of: defaultLiteral, type: variable.type)
        }
        if let sensitive { variable.sensitive = sensitive }
        if let nullable { variable.nullable = nullable }
        if let ephemeral { variable.ephemeral = ephemeral }
        if !validations.isEmpty {
            variable.conditions = validations.map {
                ParameterRules.Condition($0.condition.text, errorMessage: $0.errorMessage)
            }
            variable.options =
                validations.lazy.compactMap { $0.condition.optionsOfContains(variable: name) }.first ?? []
        }
    }

    // MARK: Native syntax

    static func read(native text: String) throws(HCLProblem) -> [Self] {
        var declarations: [Self] = []
        for block in try HCLParser.body(of: text).blocks where block.type == "variable" {
            // Terraform reports a variable without a name.
            guard block.labels.count == 1, let name = block.labels[0] else { continue }
            declarations.append(Self(native: block.body, name: name, line: block.start.line))
        }
        return declarations
    }

    private init(native body: HCLBody, name: String, line: Int) {
        self.name = name
        self.line = line
        let literal = { (name: String) in body.attributes[name]?.expression.literal }
        description = literal("description")?.string
        type = body.attributes["type"].map { Self.type($0.expression) }
        hasDefault = body.attributes["default"] != nil
        defaultLiteral = literal("default")
        sensitive = literal("sensitive")?.boolean
        nullable = literal("nullable")?.boolean
        ephemeral = literal("ephemeral")?.boolean
        for block in body.blocks where block.type == "validation" {
            guard let condition = block.body.attributes["condition"]?.expression else { continue }
            let message = block.body.attributes["error_message"]?.expression
            validations.append((condition, message?.literal?.string ?? message?.text ?? ""))
        }
    }

    /// Before version 0.12 a type was a string, and `list` and `map` had elements of any type.
    private static func type(_ expression: HCLExpression) -> String {
        switch expression.literal?.string ?? expression.keyword {
        case "list": "list(any)"
        case "map": "map(any)"
        case let word?: word
        case nil: expression.singleLine
        }
    }

    // MARK: JSON syntax

    /// `variable` holds an object of variables by name, or an array of such objects.
    static func read(json text: String) throws(HCLProblem) -> [Self] {
        var declarations: [Self] = []
        for root in try JSONNode.read(text).oneOrMany {
            for (key, blocks) in root.members ?? [] where key == "variable" {
                for (name, bodies) in blocks.oneOrMany.flatMap({ $0.members ?? [] }) where name != "//" {
                    for body in bodies.oneOrMany {
                        declarations.append(try Self(json: body, name: name))
                    }
                }
            }
        }
        return declarations
    }

    private init(json body: JSONNode, name: String) throws(HCLProblem) {
        self.name = name
        line = body.line
        for (key, node) in body.members ?? [] {
            switch key {
            case "description": description = node.string
            case "type":
                if let text = node.string { type = Self.type(try Self.expression(text, line: node.line)) }
            case "default":
                hasDefault = true
                defaultLiteral = node.value
            case "sensitive": sensitive = node.value.boolean
            case "nullable": nullable = node.value.boolean
            case "ephemeral": ephemeral = node.value.boolean
            case "validation":
                for rule in node.oneOrMany {
                    let members = rule.members ?? []
                    guard let condition = members.first(where: { $0.name == "condition" })?.value.string else {
                        continue
                    }
                    let message = members.first { $0.name == "error_message" }?.value.string ?? ""
                    validations.append((try Self.expression(Self.unwrapped(condition), line: rule.line), message))
                }
            default: break
            }
        }
    }

    /// Lines are counted in the file, not in the string.
    private static func expression(_ text: String, line: Int) throws(HCLProblem) -> HCLExpression {
        do throws(HCLProblem) {
            return try HCLParser.expression(of: text)
        } catch {
            throw HCLProblem("in this expression: \(error.message)", line: line)
        }
    }

    /// In JSON an expression is a string that is one template, `"${...}"`.
    private static func unwrapped(_ text: String) -> String {
        text.hasPrefix("${") && text.hasSuffix("}") ? String(text.dropFirst(2).dropLast()) : text
    }
}

extension JSON {
    /// Terraform also accepts these words in quotes.
    fileprivate var boolean: Bool? {
        switch self {
        case .bool(let value): value
        case .string("true"): true
        case .string("false"): false
        default: nil
        }
    }
}
