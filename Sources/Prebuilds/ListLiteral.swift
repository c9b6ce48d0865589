// SPDX-License-Identifier: Apache-2.0

/// A list of strings as a parameter's value holds it: `["a", "b"]`, in JSON or, what differs only in a last comma, HCL.
struct ListLiteral: Hashable, Sendable {
    let elements: [String]

    init?(_ text: String) {
        var reader = ListReader(text.unicodeScalars[...])
        guard let elements = reader.list() else { return nil }
        self.elements = elements
    }
}

private struct ListReader {
    private var rest: Substring.UnicodeScalarView

    init(_ text: Substring.UnicodeScalarView) {
        rest = text
    }

    mutating func list() -> [String]? {
        var elements: [String] = []
        guard skip("[") else { return nil }
        while !skip("]") {
            guard elements.isEmpty || skip(",") else { return nil }
            if !elements.isEmpty, skip("]") { break }
            guard let element = string() else { return nil }
            elements.append(element)
        }
        skipSpace()
        return rest.isEmpty ? elements : nil
    }

    private mutating func string() -> String? {
        guard skip("\"") else { return nil }
        var text = String.UnicodeScalarView()
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\"":
                return String(text)
            case "\\":
                guard let escaped = escape() else { return nil }
                text.append(escaped)
            default:
                guard scalar.value >= 0x20 else { return nil }
                text.append(scalar)
            }
        }
        return nil
    }

    private mutating func escape() -> Unicode.Scalar? {
        switch rest.popFirst() {
        case "n": return "\n"
        case "t": return "\t"
        case "r": return "\r"
        case "b": return "\u{8}"
        case "f": return "\u{c}"
        case "u":
            guard let unit = codeUnit() else { return nil }
            guard UTF16.isLeadSurrogate(unit) else { return Unicode.Scalar(unit) }
            guard rest.popFirst() == "\\", rest.popFirst() == "u", let low = codeUnit(), UTF16.isTrailSurrogate(low)
            else { return nil }
            return Unicode.Scalar(0x10000 + (UInt32(unit) & 0x3ff) << 10 + UInt32(low) & 0x3ff)
        case let scalar? where scalar == "\"" || scalar == "\\" || scalar == "/":
            return scalar
        default:
            return nil
        }
    }

    private mutating func codeUnit() -> UInt16? {
        let digits = rest.prefix(4)
        rest = rest.dropFirst(4)
        guard digits.count == 4, digits.allSatisfy({ $0.properties.isASCIIHexDigit }) else { return nil }
        return UInt16(String(digits), radix: 16)
    }

    private mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
        skipSpace()
        guard rest.first == scalar else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func skipSpace() {
        rest = rest.drop { $0 == " " || $0 == "\n" || $0 == "\t" || $0 == "\r" }
    }
}
