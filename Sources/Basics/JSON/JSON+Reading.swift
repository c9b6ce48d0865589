// SPDX-License-Identifier: Apache-2.0

extension JSON {
    /// Reads JSON. A leading byte order mark is ignored (RFC 8259, section 8.1).
    ///
    /// - Parameter depth: The maximum nesting of objects and arrays.
    package init(parsing text: String, depth: Int = 512) throws(JSONFault) {
        var bytes = Array(text.utf8)
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { bytes.removeFirst(3) }
        self = try JSONNode(parsing: bytes, depth: depth).value
    }

    /// Whether the text is a number as JSON writes it, and nothing else.
    package static func isNumber(_ text: String) -> Bool {
        (try? JSON(parsing: text)) == .number(text)
    }
}

/// A value of JSON with its line, for files that people write.
package struct JSONNode {
    /// What a value is, with the lines of what is inside of it.
    package enum Content {
        case scalar(JSON)
        case array([JSONNode])
        case object([(name: String, value: JSONNode)])
    }

    package let content: Content
    /// Counted from 1.
    package let line: Int

    /// - Parameter depth: The maximum nesting of objects and arrays.
    package init(parsing bytes: [UInt8], depth: Int = 200) throws(JSONFault) {
        self = try bytes.withUnsafeBufferPointer { buffer throws(JSONFault) in
            var reader = Reader(JSONScanner(buffer, depth: depth))
            let node = try reader.node(reader.scanner.next())
            _ = try reader.scanner.next()
            return node
        }
    }

    private init(_ content: Content, line: Int) {
        self.content = content
        self.line = line
    }

    /// The value without its lines.
    package var value: JSON {
        switch content {
        case .scalar(let value): value
        case .array(let elements): .array(elements.map(\.value))
        case .object(let members): .object(members.map { JSON.Member($0.name, $0.value.value) })
        }
    }

    /// The text, if the value is one.
    package var string: String? {
        guard case .scalar(let value) = content else { return nil }
        return value.string
    }

    /// The members, if the value is an object.
    package var members: [(name: String, value: JSONNode)]? {
        guard case .object(let members) = content else { return nil }
        return members
    }

    private struct Reader {
        var scanner: JSONScanner

        init(_ scanner: JSONScanner) {
            self.scanner = scanner
        }

        /// The value that begins with the token.
        mutating func node(_ token: JSONScanner.Token) throws(JSONFault) -> JSONNode {
            let line = scanner.line
            switch token {
            case .string(let range): return JSONNode(.scalar(.string(try text(range))), line: line)
            case .number(let range):
                try checkEnd(of: range)
                return JSONNode(.scalar(.number(String(decoding: scanner.bytes[range], as: UTF8.self))), line: line)
            case .word(let range):
                try checkEnd(of: range)
                let words: [UInt8: JSON] = [UInt8(ascii: "t"): true, UInt8(ascii: "f"): false]
                return JSONNode(.scalar(words[scanner.bytes[range.lowerBound]] ?? .null), line: line)
            case .openArray:
                var elements: [JSONNode] = []
                while true {
                    let next = try scanner.next()
                    if case .close = next { return JSONNode(.array(elements), line: line) }
                    elements.append(try node(next))
                }
            case .openObject:
                var members: [(name: String, value: JSONNode)] = []
                while case .name(let range) = try scanner.next() {
                    let name = try text(range)
                    members.append((name, try node(scanner.next())))
                }
                return JSONNode(.object(members), line: line)
            case .name, .close, .end: throw JSONFault(.value, at: scanner.index)
            }
        }

        private func text(_ range: Range<Int>) throws(JSONFault) -> String {
            let (text, half) = JSONScanner.text(scanner.bytes[range])
            if let half { throw JSONFault(.surrogate, at: half) }
            return text
        }

        /// `01` and `nulls` are not values, and neither is a value that is followed by something else.
        private func checkEnd(of range: Range<Int>) throws(JSONFault) {
            guard range.upperBound < scanner.bytes.count else { return }
            guard " \t\r\n,]}:".utf8.contains(scanner.bytes[range.upperBound]) else {
                throw JSONFault(.value, at: range.lowerBound)
            }
        }
    }
}
