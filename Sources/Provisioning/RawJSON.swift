// SPDX-License-Identifier: Apache-2.0

/// Extracts parts of JSON byte for byte, without parsing the values, so that a state is never reformatted.
///
/// For one whole document that ``JSONScan`` has checked. Names are compared as they are written, without unescaping.
enum RawJSON {
    /// A member of an object; the name is without its quotes.
    struct Member: Equatable {
        let name: [UInt8]
        var value: [UInt8]

        init(_ name: String, _ value: String) {
            self.init(name: Array(name.utf8), value: Array(value.utf8))
        }

        init(name: [UInt8], value: [UInt8]) {
            self.name = name
            self.value = value
        }
    }

    /// The bytes of the value of the object's own member `name`; `nil` when it has none. Of several, the last counts, as in
    /// most readers.
    static func value(of name: String, in object: [UInt8]) -> [UInt8]? {
        members(of: object).last { $0.name.elementsEqual(name.utf8) }?.value
    }

    /// The object's own members in order; none when it is no object.
    static func members(of object: [UInt8]) -> [Member] {
        var scanner = Scanner(bytes: object)
        scanner.skipSpace()
        guard scanner.take(UInt8(ascii: "{")) else { return [] }
        var found: [Member] = []
        while true {
            scanner.skipSpace()
            guard scanner.current == UInt8(ascii: "\"") else { return found }
            let key = scanner.skipValue()
            scanner.skipSpace()
            guard scanner.take(UInt8(ascii: ":")) else { return found }
            scanner.skipSpace()
            let value = scanner.skipValue()
            found.append(Member(name: Array(object[key].dropFirst().dropLast()), value: Array(object[value])))
            scanner.skipSpace()
            guard scanner.take(UInt8(ascii: ",")) else { return found }
        }
    }

    /// The array's own elements in order; none when it is no array.
    static func elements(of array: [UInt8]) -> [[UInt8]] {
        var scanner = Scanner(bytes: array)
        scanner.skipSpace()
        guard scanner.take(UInt8(ascii: "[")) else { return [] }
        var found: [[UInt8]] = []
        while true {
            scanner.skipSpace()
            guard let byte = scanner.current, byte != UInt8(ascii: "]") else { return found }
            found.append(Array(array[scanner.skipValue()]))
            scanner.skipSpace()
            guard scanner.take(UInt8(ascii: ",")) else { return found }
        }
    }

    static func object(_ members: [Member]) -> [UInt8] {
        let bodies = members.map { Array("\"".utf8) + $0.name + Array("\":".utf8) + $0.value }
        return Array("{".utf8) + Array(bodies.joined(separator: ",".utf8)) + Array("}".utf8)
    }

    static func array(_ elements: [[UInt8]]) -> [UInt8] {
        Array("[".utf8) + Array(elements.joined(separator: ",".utf8)) + Array("]".utf8)
    }

    /// The document with every NUL in its strings replaced (U+FFFD), because Postgres refuses NUL in `text` and
    /// `jsonb`. In JSON it is always written as an escape.
    static func replacingNULs(in document: [UInt8]) -> [UInt8] {
        let escape = Array("u0000".utf8)
        guard document.firstRange(of: escape) != nil else { return document }
        var cleaned: [UInt8] = []
        var index = 0
        while index < document.count {
            guard document[index] == UInt8(ascii: "\\") else {
                cleaned.append(document[index])
                index += 1
                continue
            }
            // A backslash and the character that it escapes, which may be a backslash.
            let isNUL = document[(index + 1)...].starts(with: escape)
            cleaned += isNUL ? Array("\\ufffd".utf8) : Array(document[index..<min(index + 2, document.count)])
            index += isNUL ? 6 : 2
        }
        return cleaned
    }

    private struct Scanner {
        let bytes: [UInt8]
        var index = 0

        var current: UInt8? { index < bytes.count ? bytes[index] : nil }

        mutating func take(_ byte: UInt8) -> Bool {
            guard current == byte else { return false }
            index += 1
            return true
        }

        mutating func skipSpace() {
            while let byte = current, byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d { index += 1 }
        }

        /// Skips a value: to its closing bracket or quote, or past the number or word.
        mutating func skipValue() -> Range<Int> {
            let start = index
            var depth = 0
            while let byte = current {
                switch byte {
                case UInt8(ascii: "\""): skipString()
                case UInt8(ascii: "{"), UInt8(ascii: "["):
                    depth += 1
                    index += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    if depth == 0 { return start..<index }
                    depth -= 1
                    index += 1
                case UInt8(ascii: ","), UInt8(ascii: ":"), 0x20, 0x09, 0x0a, 0x0d:
                    if depth == 0 { return start..<index }
                    index += 1
                    continue
                default:
                    index += 1
                    continue
                }
                if depth == 0 { return start..<index }
            }
            return start..<index
        }

        private mutating func skipString() {
            index += 1
            while let byte = current {
                index += byte == UInt8(ascii: "\\") ? 2 : 1
                if byte == UInt8(ascii: "\"") { break }
            }
            index = min(index, bytes.count)
        }
    }
}
