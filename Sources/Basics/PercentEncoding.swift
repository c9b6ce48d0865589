// SPDX-License-Identifier: Apache-2.0

/// Percent-encoding (RFC 3986, section 2).
package enum PercentEncoding {
    /// Escapes everything except letters, digits and the ASCII characters in `kept`; by default the unreserved ones are
    /// kept.
    package static func encode(_ text: String, keeping kept: String = "-._~") -> String {
        var encoded = ""
        for byte in text.utf8 {
            if isAlphanumeric(byte) || kept.utf8.contains(byte) {
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                encoded += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }

    /// The same URI without needless escapes: those of unreserved characters, which mean the same either way (RFC 3986,
    /// section 6.2.2.2).
    package static func normalized(_ uri: String) -> String {
        let pieces = uri.split(separator: "%", omittingEmptySubsequences: false)
        return pieces.dropFirst().reduce(into: String(pieces[0])) { normalized, piece in
            let code = piece.utf8.prefix(2)
            if code.count == 2, let high = digit(code.first), let low = digit(code.last),
                isAlphanumeric(high << 4 | low) || "-._~".utf8.contains(high << 4 | low)
            {
                normalized += String(Unicode.Scalar(high << 4 | low)) + piece.dropFirst(2)
            } else {
                normalized += "%" + piece
            }
        }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }

    /// The decoded text of a part of a path or query, where `+` means a blank; `nil` if the part is malformed.
    package static func decode(_ part: some StringProtocol) -> String? {
        var bytes: [UInt8] = []
        var source = Array(part.utf8)[...]
        while let byte = source.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
                continue
            }
            guard let high = digit(source.popFirst()), let low = digit(source.popFirst()) else { return nil }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8?) -> UInt8? {
        byte.flatMap { Character(Unicode.Scalar($0)).hexDigitValue }.map { UInt8($0) }
    }
}
