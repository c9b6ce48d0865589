// SPDX-License-Identifier: Apache-2.0

import Yams

/// A value of a YAML document and its place. Scalars are text: their type is decided by the field that reads them.
struct YAMLNode {
    enum Content {
        case null
        /// `isQuoted` also for blocks, `|` and `>`: all that is text whatever it looks like.
        case scalar(String, isQuoted: Bool)
        case sequence([YAMLNode])
        case mapping([(key: YAMLKey, value: YAMLNode)])
    }

    let content: Content
    /// Counted from 1.
    let line: Int
    let column: Int

    /// What people call it, for messages.
    var kind: String {
        switch content {
        case .null: "nothing"
        case .scalar(let text, _): "'\(text)'"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}

struct YAMLKey {
    let name: String
    let line: Int
    let column: Int
}

extension YAMLNode {
    /// More than any template needs; a few lines of aliases to aliases can stand for billions of values.
    private static let maximumNodes = 50_000
    private static let maximumBytes = 256 << 10

    /// Reads the one document of `text`; `nil` when it is empty.
    static func read(_ text: String, file: String) throws(TemplateErrors) -> YAMLNode? {
        guard text.utf8.count <= maximumBytes else {
            throw TemplateErrors([TemplateError(file: file, "it has more than \(maximumBytes >> 10) KiB")])
        }
        do {
            // Without rules: YAML 1.1 would make `no` false and `12:30` a number.
            let root = try Parser(yaml: String(text.withoutByteOrderMark), resolver: .basic, encoding: .utf8)
                .singleRoot()
            var count = 0
            return try root.map { root throws(TemplateErrors) in try convert(root, file: file, &count) }
        } catch let errors as TemplateErrors {
            throw errors
        } catch {
            throw TemplateErrors([explain(error, file: file)])
        }
    }

    private static func convert(_ node: Node, file: String, _ count: inout Int) throws(TemplateErrors) -> YAMLNode {
        let (line, column) = (node.mark?.line ?? 1, node.mark?.column ?? 1)
        count += 1
        guard count <= maximumNodes else {
            throw TemplateErrors([TemplateError(file: file, line: line, column: column, "it holds too many values")])
        }
        var content: Content
        switch node {
        case .scalar(let scalar):
            let isPlain = scalar.style == .plain || scalar.style == .any
            let isNull = isPlain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
            content = isNull ? .null : .scalar(scalar.string, isQuoted: !isPlain)
        case .sequence(let sequence):
            var elements: [YAMLNode] = []
            for element in sequence { elements.append(try convert(element, file: file, &count)) }
            content = .sequence(elements)
        case .mapping(let mapping):
            var pairs: [(key: YAMLKey, value: YAMLNode)] = []
            for (key, value) in mapping {
                guard case .scalar(let name) = key else {
                    throw TemplateErrors([TemplateError(file: file, line: line, column: column, "a key must be a word")]
                    )
                }
                let place = YAMLKey(
                    name: name.string,
                    line: name.mark?.line ?? line,
                    column: name.mark?.column ?? column
                )
                pairs.append((place, try convert(value, file: file, &count)))
            }
            content = .mapping(pairs)
        case .alias:
            throw TemplateErrors([TemplateError(file: file, line: line, column: column, "an alias of nothing")])
        }
        return YAMLNode(content: content, line: line, column: column)
    }

    private static func explain(_ error: any Error, file: String) -> TemplateError {
        switch error as? YamlError {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let words = [context?.text, problem].compactMap(\.self).joined(separator: ", ")
            return TemplateError(file: file, line: mark.line, column: mark.column, "this is not YAML: \(words)")
        case .duplicatedKeysInMapping(let keys, let context):
            return TemplateError(
                file: file,
                line: context.mark.line,
                column: context.mark.column,
                "a key comes twice in one mapping: \(keys.joined(separator: ", "))"
            )
        case .reader(let problem, _, _, _):
            return TemplateError(file: file, "this is not YAML: \(problem)")
        default:
            return TemplateError(file: file, "this is not YAML: \(error)")
        }
    }

    /// The value as JSON: plain words that look like numbers, `true` or `false` are those, everything else is text.
    var json: JSONValue {
        switch content {
        case .null: .null
        case .scalar("true", isQuoted: false): .bool(true)
        case .scalar("false", isQuoted: false): .bool(false)
        case .scalar(let text, isQuoted: false) where JSONReader.isNumber(text): .number(text)
        case .scalar(let text, _): .string(text)
        case .sequence(let elements): .array(elements.map(\.json))
        case .mapping(let pairs): .object(pairs.map { .init(name: $0.key.name, value: $0.value.json) })
        }
    }
}
