// SPDX-License-Identifier: Apache-2.0

import Basics

/// A value of a YAML document with its place. Scalars are text: the field that reads them decides about their type.
struct YAMLNode {
    enum Content {
        case null
        /// `isQuoted` is also true for blocks, `|` and `>`: scalars that are text whatever they look like.
        case scalar(String, isQuoted: Bool)
        case sequence([YAMLNode])
        case mapping([(key: YAMLKey, value: YAMLNode)])
    }

    let content: Content
    /// Counted from 1.
    let line: Int
    let column: Int
    /// The file of a value that was taken from elsewhere, such as a module's block; `nil`: the document's own.
    var file: String?

    /// Its kind, as messages name it.
    var kind: String {
        switch content {
        case .null: "nothing"
        case .scalar(let text, _): "'\(Excerpt.of(text))'"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}

struct YAMLKey {
    let name: String
    let line: Int
    let column: Int
    /// As that of ``YAMLNode``.
    var file: String?
}

extension YAMLNode {
    private static let maximumBytes = 256 << 10

    /// Reads the one document of `text`; `nil` when it is empty.
    ///
    /// Scalars stay as they are written: YAML 1.1 would make `no` false and `12:30` a number.
    static func read(_ text: String, file: String) throws(TemplateErrors) -> YAMLNode? {
        guard text.utf8.count <= maximumBytes else {
            throw TemplateErrors([TemplateError(file: file, "it has more than \(maximumBytes >> 10) KiB")])
        }
        var composer = YAMLComposer(String(text.withoutByteOrderMark), file: file)
        return try composer.document()
    }

    /// The value as JSON: plain words that look like numbers, `true` or `false` become those, everything else is text.
    var json: JSON {
        switch content {
        case .null: .null
        case .scalar("true", isQuoted: false): .bool(true)
        case .scalar("false", isQuoted: false): .bool(false)
        case .scalar(let text, isQuoted: false) where JSON.isNumber(text): .number(text)
        case .scalar(let text, _): .string(text)
        case .sequence(let elements): .array(elements.map(\.json))
        case .mapping(let pairs): .object(pairs.map { JSON.Member($0.key.name, $0.value.json) })
        }
    }
}
