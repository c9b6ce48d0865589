// SPDX-License-Identifier: Apache-2.0

import Basics
import FoundationEssentials

/// The JSON that commands print.
enum JSONText {
    /// Indented, keys in alphabetical order.
    static func pretty(_ value: some Encodable) throws -> String {
        try encode(value, [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    }

    /// On one line, keys in alphabetical order.
    static func line(_ value: some Encodable) throws -> String {
        try encode(value, [.sortedKeys, .withoutEscapingSlashes])
    }

    /// An object of strings on one line.
    static func compact(_ object: [String: String]) -> String {
        // Encoding strings never fails.
        (try? line(object)) ?? "{}"
    }

    private static func encode(_ value: some Encodable, _ format: JSONEncoder.OutputFormatting) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = format
        // Values stay exact: the escaped text has the same meaning.
        return Printable.json(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}
