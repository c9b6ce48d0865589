// SPDX-License-Identifier: Apache-2.0

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
        for escape in [Self.json, Self.jsonForPages, Self.jsonInASCII, Self.hcl] {
            let once = escape(text)
            insert(once)
            insert(escape(once))
        }
        insert(text.replacing("'", with: "'\\''"))
        guard text.utf8.count <= Self.longestEncoded else { return }
        for kept in ["-._~", "-._~/", "-._*"] {
            insert(Self.percentEncoded(text, keeping: kept, blank: "%20"))
            insert(Self.percentEncoded(text, keeping: kept, blank: "+"))
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
            "<>&\u{2028}\u{2029}".unicodeScalars.contains(scalar) ? unicodeEscape(scalar) : jsonEscape(scalar)
        }
    }

    /// As Python writes it.
    private static func jsonInASCII(_ text: String) -> String {
        escaped(text) { scalar in scalar.isASCII ? jsonEscape(scalar) : unicodeEscape(scalar) }
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
        case _ where scalar.value < 0x20: unicodeEscape(scalar)
        default: nil
        }
    }

    private static func unicodeEscape(_ scalar: Unicode.Scalar) -> String {
        String(scalar).utf16.map { unit in
            let digits = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }.joined()
    }

    /// As Terraform shows a text in a plan or a diagnostic.
    private static func hcl(_ text: String) -> String {
        var last: Unicode.Scalar?
        return escaped(text) { scalar in
            defer { last = scalar }
            if scalar == "{", let sign = last, sign == "$" || sign == "%" { return "\(sign){" }
            return jsonEscape(scalar)
        }
    }

    // MARK: Encodings

    private static func percentEncoded(_ text: String, keeping kept: String, blank: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            let scalar = Unicode.Scalar(byte)
            switch byte {
            case UInt8(ascii: " "): encoded += blank
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                encoded.unicodeScalars.append(scalar)
            case _ where kept.unicodeScalars.contains(scalar): encoded.unicodeScalars.append(scalar)
            default: encoded += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }

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
