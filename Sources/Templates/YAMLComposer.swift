// SPDX-License-Identifier: Apache-2.0

import Basics

/// Makes the values of a YAML document from its events. The expansion of an alias is counted before it is used.
struct YAMLComposer: ~Copyable {
    /// Far above real templates; a few lines of aliases to aliases can stand for billions of values.
    private static let maximumNodes = 50_000
    /// Bytes of text after all aliases are expanded: one long word that ten thousand aliases repeat counts as ten
    /// thousand words.
    private static let maximumBytes = 1 << 20
    /// Depth of lists and mappings after all aliases are expanded; it protects the stacks of later readers.
    private static let maximumDepth = 100

    /// A value, and its size when it is used once more.
    private struct Measured {
        let node: YAMLNode
        /// Of values, itself included.
        let count: Int
        /// Of text, keys included.
        let bytes: Int
        /// Depth of lists and mappings; 0 for a scalar.
        let depth: Int
    }

    private var events: YAMLEvents
    private let file: String
    private var anchors: [String: Measured] = [:]
    /// The size of all values so far after all aliases are expanded.
    private var total = (values: 0, bytes: 0)

    init(_ text: String, file: String) {
        events = YAMLEvents(text)
        self.file = file
    }

    /// The one document; `nil` when there is none.
    mutating func document() throws(TemplateErrors) -> YAMLNode? {
        _ = try next()
        let first = try next()
        guard first.kind != .streamEnd else { return nil }
        let root = try value(try next(), depth: 0)
        _ = try next()
        let after = try next()
        guard after.kind == .streamEnd else {
            throw error("expected a single document in the stream, but found another document", at: after)
        }
        return root.node
    }

    private mutating func next() throws(TemplateErrors) -> YAMLEvents.Event {
        do throws(YAMLEvents.Problem) {
            return try events.next()
        } catch {
            throw TemplateErrors([
                TemplateError(
                    file: file,
                    line: error.line,
                    column: error.column,
                    "this is not YAML: \(error.message)"
                )
            ])
        }
    }

    private func error(_ message: String, at event: YAMLEvents.Event) -> TemplateErrors {
        refusal("this is not YAML: \(message)", line: event.line, column: event.column)
    }

    private func refusal(_ message: String, line: Int, column: Int) -> TemplateErrors {
        TemplateErrors([TemplateError(file: file, line: line, column: column, message)])
    }

    /// - Parameter depth: The number of lists and mappings around it.
    private mutating func value(_ event: YAMLEvents.Event, depth: Int) throws(TemplateErrors) -> Measured {
        switch event.kind {
        case .alias(let name):
            guard let known = anchors[name] else { throw error("found undefined alias", at: event) }
            try count(known.count, known.bytes, at: event)
            try check(depth: depth + known.depth, at: event)
            return known
        case .scalar(let text, let isPlain, let anchor):
            try count(1, text.utf8.count, at: event)
            let isNull = isPlain && ["", "~", "null", "Null", "NULL"].contains(text)
            let content = isNull ? YAMLNode.Content.null : .scalar(text, isQuoted: !isPlain)
            return keep(content, event, anchor, (1, text.utf8.count, 0))
        case .sequenceStart(let anchor):
            return try sequence(event, anchor, depth: depth)
        case .mappingStart(let anchor):
            return try mapping(event, anchor, depth: depth)
        case .streamStart, .streamEnd, .documentStart, .documentEnd, .sequenceEnd, .mappingEnd:
            throw error("expected a value", at: event)
        }
    }

    private mutating func sequence(
        _ start: YAMLEvents.Event,
        _ anchor: String?,
        depth: Int
    ) throws(TemplateErrors) -> Measured {
        try count(1, 0, at: start)
        try check(depth: depth + 1, at: start)
        var elements: [YAMLNode] = []
        var (inside, bytes, deepest) = (1, 0, 0)
        while true {
            let event = try next()
            if event.kind == .sequenceEnd { break }
            let element = try value(event, depth: depth + 1)
            elements.append(element.node)
            inside += element.count
            bytes += element.bytes
            deepest = max(deepest, element.depth)
        }
        return keep(.sequence(elements), start, anchor, (inside, bytes, deepest + 1))
    }

    private mutating func mapping(
        _ start: YAMLEvents.Event,
        _ anchor: String?,
        depth: Int
    ) throws(TemplateErrors) -> Measured {
        try count(1, 0, at: start)
        try check(depth: depth + 1, at: start)
        var pairs: [(key: YAMLKey, value: YAMLNode)] = []
        var places: [String: YAMLKey] = [:]
        var twice: YAMLKey?
        var (inside, bytes, deepest) = (1, 0, 0)
        while true {
            let event = try next()
            if event.kind == .mappingEnd { break }
            let key = try key(event, of: start)
            if let first = places.updateValue(key, forKey: key.name) { twice = twice ?? first }
            let value = try value(try next(), depth: depth + 1)
            pairs.append((key, value.node))
            inside += value.count
            bytes += key.name.utf8.count + value.bytes
            deepest = max(deepest, value.depth)
        }
        if let twice {
            throw refusal(
                "a key comes twice in one mapping: \(Excerpt.of(twice.name))",
                line: twice.line,
                column: twice.column
            )
        }
        return keep(.mapping(pairs), start, anchor, (inside, bytes, deepest + 1))
    }

    /// Keys must be scalars or aliases of scalars. At any other key the reader stops at once, without reading to its
    /// end.
    private mutating func key(_ event: YAMLEvents.Event, of mapping: YAMLEvents.Event) throws(TemplateErrors) -> YAMLKey
    {
        switch event.kind {
        case .scalar(let text, _, _):
            _ = try value(event, depth: 0)
            return YAMLKey(name: text, line: event.line, column: event.column)
        case .alias:
            let node = try value(event, depth: 0).node
            switch node.content {
            case .scalar(let text, _): return YAMLKey(name: text, line: node.line, column: node.column)
            case .null: return YAMLKey(name: "", line: node.line, column: node.column)
            case .sequence, .mapping: break
            }
        default: break
        }
        throw refusal("a key must be a word", line: mapping.line, column: mapping.column)
    }

    private mutating func keep(
        _ content: YAMLNode.Content,
        _ event: YAMLEvents.Event,
        _ anchor: String?,
        _ size: (count: Int, bytes: Int, depth: Int)
    ) -> Measured {
        let node = YAMLNode(content: content, line: event.line, column: event.column)
        let measured = Measured(node: node, count: size.count, bytes: size.bytes, depth: size.depth)
        if let anchor { anchors[anchor] = measured }
        return measured
    }

    private mutating func count(_ values: Int, _ bytes: Int, at event: YAMLEvents.Event) throws(TemplateErrors) {
        total = (total.values + values, total.bytes + bytes)
        guard total.values <= Self.maximumNodes else {
            throw refusal("it holds too many values", line: event.line, column: event.column)
        }
        guard total.bytes <= Self.maximumBytes else {
            throw refusal("it holds too much text", line: event.line, column: event.column)
        }
    }

    private func check(depth: Int, at event: YAMLEvents.Event) throws(TemplateErrors) {
        guard depth <= Self.maximumDepth else {
            throw refusal("it is nested too deeply", line: event.line, column: event.column)
        }
    }
}
