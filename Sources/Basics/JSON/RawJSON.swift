// SPDX-License-Identifier: Apache-2.0

/// A JSON value as its bytes. It is taken apart without decoding, because a state must not be reformatted, least of all
/// its numbers.
///
/// For values of a document that was scanned before (``JSONScan``). Names are compared as written, including escapes.
package struct RawJSON: Hashable, Sendable {
    /// A member of an object; the name is without its quotes.
    package struct Member: Hashable, Sendable {
        package let name: ArraySlice<UInt8>
        package let value: RawJSON

        init(_ name: ArraySlice<UInt8>, _ value: RawJSON) {
            self.name = name
            self.value = value
        }

        package init(_ name: String, _ value: RawJSON) {
            self.init(Array(name.utf8)[...], value)
        }
    }

    package let bytes: ArraySlice<UInt8>

    package init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
    }

    package init(_ bytes: [UInt8]) {
        self.init(bytes[...])
    }

    /// An object with these members, in their order.
    package init(_ members: [Member]) {
        let texts = members.map { Array("\"".utf8) + $0.name + Array("\":".utf8) + $0.value.bytes }
        self.init(Array("{".utf8) + Array(texts.joined(separator: ",".utf8)) + Array("}".utf8))
    }

    /// An array of the elements.
    package init(_ elements: [RawJSON]) {
        self.init(Array("[".utf8) + Array(elements.map(\.bytes).joined(separator: ",".utf8)) + Array("]".utf8))
    }

    /// The object's own members in order; none when it is no object.
    package var members: [Member] { scan.members }

    /// The array's own elements in order; none when it is no array.
    package var elements: [RawJSON] { scan.elements }

    /// The object's own member (the last, if there are several, as in most readers).
    package subscript(name: String) -> RawJSON? { scan[name] }

    /// The text of a string, with unpaired surrogates replaced (U+FFFD); `nil` for other values.
    package var string: String? {
        guard bytes.count >= 2, bytes.first == UInt8(ascii: "\"") else { return nil }
        return JSONScanner.text(bytes.dropFirst().dropLast()).text
    }

    /// Like ``JSON/integer``.
    package var integer: Int? {
        guard bytes.count <= 64, let first = bytes.first, first == UInt8(ascii: "-") || (0x30...0x39).contains(first)
        else { return nil }
        return JSON.integer(String(decoding: bytes, as: UTF8.self))
    }

    /// Whether the value is this text as it stands, such as `true`.
    package func isWord(_ word: String) -> Bool { bytes.elementsEqual(word.utf8) }

    private var scan: JSONScan { JSONScan(bytes, depth: .max, most: .max) }

    /// The document with every NUL in its strings replaced (U+FFFD), because Postgres accepts none in `text` and
    /// `jsonb`. JSON always writes a NUL as an escape.
    package static func replacingNULs(in document: [UInt8]) -> [UInt8] {
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
            // A backslash and the escaped character, which may be another backslash.
            let isNUL = document[(index + 1)...].starts(with: escape)
            cleaned += isNUL ? Array("\\ufffd".utf8) : Array(document[index..<min(index + 2, document.count)])
            index += isNUL ? 6 : 2
        }
        return cleaned
    }
}
