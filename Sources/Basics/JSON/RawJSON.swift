// SPDX-License-Identifier: Apache-2.0

/// A value of JSON as its bytes: taken apart without being read, for a state is nobody's to reformat, least of all its numbers.
///
/// For values of a document that was looked at before (``JSONScan``). Names are compared as they are written, without escapes.
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

    /// An object of the members, which keep their order.
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

    /// The object's own member; of several, the last counts, as in most readers.
    package subscript(name: String) -> RawJSON? { scan[name] }

    /// The text of a string, in which halves of surrogate pairs are replaced (U+FFFD); `nil` for other values.
    package var string: String? {
        guard bytes.count >= 2, bytes.first == UInt8(ascii: "\"") else { return nil }
        return JSONScanner.text(bytes.dropFirst().dropLast()).text
    }

    /// As ``JSON/integer``.
    package var integer: Int? {
        guard bytes.count <= 64, let first = bytes.first, first == UInt8(ascii: "-") || (0x30...0x39).contains(first)
        else { return nil }
        return JSON.integer(String(decoding: bytes, as: UTF8.self))
    }

    package func isWord(_ word: String) -> Bool { bytes.elementsEqual(word.utf8) }

    private var scan: JSONScan { JSONScan(bytes, depth: .max, most: .max) }

    /// The document with every NUL in its strings replaced (U+FFFD): no `text` and no `jsonb` of Postgres takes one. In JSON it
    /// is always written as an escape.
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
            // A backslash and what it escapes, which may be another one.
            let isNUL = document[(index + 1)...].starts(with: escape)
            cleaned += isNUL ? Array("\\ufffd".utf8) : Array(document[index..<min(index + 2, document.count)])
            index += isNUL ? 6 : 2
        }
        return cleaned
    }
}
