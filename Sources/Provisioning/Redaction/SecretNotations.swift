// SPDX-License-Identifier: Apache-2.0

import Basics
@_spi(_Unicode) import Swift

/// The notations in which programs write a text; redaction searches for a secret in each of them.
struct SecretNotations {
    /// Shorter secrets are not redacted: redacting every `1` or `on` would hide the log, and reveal the value.
    static let shortest = 4
    /// Words that are frequent in every log.
    private static let ordinary: Set<String> = ["true", "false", "null", "none", "None", "True", "False"]
    /// Longer texts are searched as they are, by line, and with escapes only.
    private static let longestEncoded = 16 << 10

    private(set) var all: Set<[UInt8]> = []

    /// - Parameter text: A secret, of one line or many.
    init(of text: String) {
        // Terraform normalises all text.
        for text in Set([Array(text.utf8), Array(Self.composed(text).utf8)]).map({ String(decoding: $0, as: UTF8.self) }
        ) {
            add(text)
            // Text is printed line by line, with new indentation.
            let lines = text.split(whereSeparator: \.isNewline)
            if lines.count > 1 {
                for line in lines { add(Self.trimmed(line)) }
            } else {
                add(Self.trimmed(text[...]))
            }
        }
    }

    private mutating func add(_ text: String) {
        guard text.utf8.count >= Self.shortest, !Self.ordinary.contains(text) else { return }
        insert(text)
        for escape in [Self.json, Self.jsonForPages, Self.jsonInASCII, HCLText.escaped] {
            let once = escape(text)
            insert(once)
            insert(escape(once))
        }
        insert(text.replacing("'", with: "'\\''"))
        guard text.utf8.count <= Self.longestEncoded else { return }
        for kept in ["-._~", "-._~/", "-._*"] {
            let encoded = PercentEncoding.encode(text, keeping: kept)
            insert(encoded)
            insert(encoded.replacing("%20", with: "+"))
        }
        for encoded in Self.base64(Array(text.utf8)) { all.insert(encoded) }
    }

    private mutating func insert(_ text: String) {
        all.insert(Array(text.utf8))
    }

    private static func trimmed(_ line: Substring) -> String {
        var scalars = line.unicodeScalars.drop { $0.properties.isWhitespace }
        while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
        return String(scalars)
    }

    /// Normalisation form C.
    private static func composed(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text }
        var composed = ""
        composed.unicodeScalars.append(contentsOf: text[...]._nfc)
        return composed
    }

    // MARK: Escapes

    private static func escaped(_ text: String, _ escape: (Unicode.Scalar) -> String?) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            if let written = escape(scalar) { escaped += written } else { escaped.unicodeScalars.append(scalar) }
        }
        return escaped
    }

    private static func json(_ text: String) -> String {
        escaped(text, jsonEscape)
    }

    /// As Go and Terraform's `jsonencode` write it.
    private static func jsonForPages(_ text: String) -> String {
        escaped(text) { scalar in
            "<>&\u{2028}\u{2029}".unicodeScalars.contains(scalar) ? JSON.escaped(scalar) : jsonEscape(scalar)
        }
    }

    /// As Python writes it.
    private static func jsonInASCII(_ text: String) -> String {
        escaped(text) { scalar in scalar.isASCII ? jsonEscape(scalar) : JSON.escaped(scalar) }
    }

    private static func jsonEscape(_ scalar: Unicode.Scalar) -> String? {
        switch scalar {
        case "\"": "\\\""
        case "\\": "\\\\"
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        case "\u{8}": "\\b"
        case "\u{c}": "\\f"
        case _ where scalar.value < 0x20: JSON.escaped(scalar)
        default: nil
        }
    }

    // MARK: Encodings

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The base-64 text of the bytes at each of the three possible offsets.
    private static func base64(_ bytes: [UInt8]) -> [[UInt8]] {
        (0..<3).flatMap { before -> [[UInt8]] in
            var digits: [UInt8] = []
            let padded = [UInt8](repeating: 0, count: before) + bytes
            for start in stride(from: 0, to: padded.count, by: 3) {
                let bytes = padded[start...].prefix(3)
                let group = bytes.enumerated().reduce(UInt32(0)) {
                    $0 | UInt32($1.element) << UInt32(16 - 8 * $1.offset)
                }
                let shifts: [UInt32] = [18, 12, 6, 0]
                // The last digit depends also on the following bytes, so it is left out.
                for shift in shifts.prefix(bytes.count == 3 ? 4 : bytes.count) {
                    digits.append(alphabet[Int(group >> shift & 63)])
                }
            }
            // The same holds for the first digit and the preceding bytes.
            let own = Array(digits.dropFirst([0, 2, 3][before]))
            guard own.count >= 8 else { return [] }
            let forPaths = own.map { digit -> UInt8 in
                switch digit {
                case UInt8(ascii: "+"): UInt8(ascii: "-")
                case UInt8(ascii: "/"): UInt8(ascii: "_")
                default: digit
                }
            }
            return [own, forPaths]
        }
    }
}
