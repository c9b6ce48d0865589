// SPDX-License-Identifier: Apache-2.0

import Basics

/// A block of a module, in either of Terraform's syntaxes, with what override files set in it.
struct ModuleBlock {
    let type: String
    let labels: [String]
    let file: String
    let line: Int
    /// The block itself, and then its overrides.
    var bodies: [ModuleBody]

    /// What an attribute is set to.
    struct Attribute {
        let value: ModuleValue
        let file: String
        let line: Int
    }

    func attribute(_ name: String) -> Attribute? {
        for body in bodies.reversed() {
            if let found = body.attribute(name) { return found }
        }
        return nil
    }

    /// The nested blocks of a type.
    func blocks(_ type: String) -> [ModuleBlock] {
        for body in bodies.reversed() {
            let found = body.blocks(type)
            if !found.isEmpty { return found }
        }
        return []
    }

    /// The line of a `dynamic` block of the type.
    func dynamicLine(_ type: String) -> Int? {
        bodies.lazy.compactMap { $0.dynamicLine(type) }.first
    }

    /// The names of its attributes and nested blocks, with their lines.
    var names: [(name: String, line: Int)] { bodies.flatMap(\.names) }
}

/// An expression in either syntax.
enum ModuleValue {
    case native(HCLExpression)
    case json(JSONNode)

    func value(in scope: any StaticScope, depth: Int = 0) -> StaticValue {
        switch self {
        case .native(let expression): StaticEvaluator.value(of: expression, in: scope, depth: depth).bounded
        case .json(let node): Self.value(of: node, in: scope, depth: depth).bounded
        }
    }

    /// Strings are templates, names of members too.
    private static func value(of node: JSONNode, in scope: any StaticScope, depth: Int) -> StaticValue {
        switch node.content {
        case .scalar(.string(let text)):
            return StaticEvaluator.value(template: text, hasEscapes: false, in: scope, depth: depth)
        case .scalar(let value): return StaticValue(value)
        case .array(let elements): return .list(elements.map { value(of: $0, in: scope, depth: depth) })
        case .object(let members):
            return .object(
                members.map { name, node in
                    let name = StaticEvaluator.value(template: name, hasEscapes: false, in: scope, depth: depth).text
                    return .init(name: name, value: value(of: node, in: scope, depth: depth))
                }
            )
        }
    }
}

/// The content of a block in one file.
struct ModuleBody {
    enum Content {
        case native(HCLBody)
        case json(JSONNode)
    }

    let file: String
    let content: Content

    func attribute(_ name: String) -> ModuleBlock.Attribute? {
        switch content {
        case .native(let body):
            body.attributes[name].map { .init(value: .native($0.expression), file: file, line: $0.name.line) }
        case .json(let node):
            node.members?.last { $0.name == name }.map {
                .init(value: .json($0.value), file: file, line: $0.value.line)
            }
        }
    }

    func blocks(_ type: String) -> [ModuleBlock] {
        switch content {
        case .native(let body):
            body.blocks.filter { $0.type == type }.map { block in
                ModuleBlock(
                    type: type,
                    labels: block.labels.compactMap(\.self),
                    file: file,
                    line: block.start.line,
                    bodies: [ModuleBody(file: file, content: .native(block.body))]
                )
            }
        case .json(let node):
            (node.members ?? []).filter { $0.name == type }.flatMap(\.value.oneOrMany).filter { $0.members != nil }.map
            {
                ModuleBlock(
                    type: type,
                    labels: [],
                    file: file,
                    line: $0.line,
                    bodies: [ModuleBody(file: file, content: .json($0))]
                )
            }
        }
    }

    func dynamicLine(_ type: String) -> Int? {
        switch content {
        case .native(let body): body.blocks.first { $0.type == "dynamic" && $0.labels.first == type }?.start.line
        case .json(let node):
            (node.members ?? []).filter { $0.name == "dynamic" }.flatMap(\.value.oneOrMany)
                .flatMap { $0.members ?? [] }.first { $0.name == type }?.value.line
        }
    }

    /// Attributes of the native syntax and members of JSON, which are not known to be blocks.
    var names: [(name: String, line: Int)] {
        switch content {
        case .native(let body):
            body.attributes.map { ($0.key, $0.value.name.line) } + body.blocks.map { ($0.type, $0.start.line) }
        case .json(let node): (node.members ?? []).map { ($0.name, $0.value.line) }
        }
    }

    /// Whether the name is set with `=`; in JSON one cannot tell.
    func assigns(_ name: String) -> HCLExpression? {
        guard case .native(let body) = content else { return nil }
        return body.attributes[name]?.expression
    }
}
