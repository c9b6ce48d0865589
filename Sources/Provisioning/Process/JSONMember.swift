// SPDX-License-Identifier: Apache-2.0

/// Cuts a member's value out of a JSON object, byte for byte: a state is nobody's to reformat, least of all its numbers.
enum JSONMember {
    /// The bytes of the value of the object's own member `name`; `nil` when it has none.
    ///
    /// - Parameter object: One whole JSON object; the caller has decoded it before. The name is compared as it is
    ///   written, without escapes. Of several, the last counts, as in most readers.
    static func value(of name: String, in object: [UInt8]) -> [UInt8]? {
        let name = Array(name.utf8)
        var scanner = Scanner(bytes: object)
        scanner.skipSpace()
        guard scanner.take(UInt8(ascii: "{")) else { return nil }
        var found: [UInt8]?
        while true {
            scanner.skipSpace()
            guard scanner.current == UInt8(ascii: "\"") else { return found }
            let key = scanner.skipValue()
            scanner.skipSpace()
            guard scanner.take(UInt8(ascii: ":")) else { return found }
            scanner.skipSpace()
            let value = scanner.skipValue()
            if object[key].dropFirst().dropLast().elementsEqual(name) { found = Array(object[value]) }
            scanner.skipSpace()
            guard scanner.take(UInt8(ascii: ",")) else { return found }
        }
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
            while let byte = current, [0x20, 0x09, 0x0a, 0x0d].contains(byte) { index += 1 }
        }

        /// Passes over a value: to the bracket that closes it, the quote that ends it, or what follows a number or word.
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
