// SPDX-License-Identifier: Apache-2.0

import Basics
import FoundationEssentials
import Logging

/// How an event becomes a line.
package enum LogFormat: String, Hashable, Sendable, CaseIterable {
    /// For people: time, level, message, then `key=value` pairs in the order of their keys.
    case text
    /// For collectors: an object with `time`, `level`, `message`, `logger`, and the metadata beside them.
    case json

    /// What a line is made of.
    struct Event {
        var time: Date
        var level: Logger.Level
        var message: String
        var label: String
        var metadata: Logger.Metadata
    }

    /// The event as one line, line feed included. Whatever the event holds, it is one line.
    func line(_ event: Event) -> String {
        // UTC, with milliseconds.
        let time = event.time.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        let metadata = event.metadata.sorted { $0.key < $1.key }
        switch self {
        case .text:
            var line = "\(time) \(event.level.padded) \(Self.printable(event.message))"
            for (key, value) in metadata { line += " \(Self.printable(key))=\(Self.word("\(value)"))" }
            return line + "\n"
        case .json:
            var line = "{\"time\":\"\(time)\",\"level\":\"\(event.level)\",\"message\":\(Self.quoted(event.message))"
            line += ",\"logger\":\(Self.quoted(event.label))"
            for (key, value) in metadata {
                let name = Self.reserved.contains(key) ? "metadata.\(key)" : key
                line += ",\(Self.quoted(name)):\(Self.json(value))"
            }
            return line + "}\n"
        }
    }

    private static let reserved: Set<String> = ["time", "level", "message", "logger"]

    private static func json(_ value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let text): quoted(text)
        case .stringConvertible(let value): quoted(value.description)
        case .array(let values): "[\(values.map(json).joined(separator: ","))]"
        case .dictionary(let values):
            "{" + values.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(json($0.value))" }.joined(separator: ",")
                + "}"
        }
    }

    /// The value in quotes when a reader could not see where it ends.
    private static func word(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.unicodeScalars.allSatisfy { $0 != " " && $0 != "\"" && $0 != "=" && Printable.isPrintable($0) }
        return isPlain ? text : quoted(text)
    }

    private static func printable(_ text: String) -> String {
        text.unicodeScalars.allSatisfy(Printable.isPrintable) ? text : String(quoted(text).dropFirst().dropLast())
    }

    /// A JSON string. Unprintable characters are escaped, so that no text can control a terminal.
    private static func quoted(_ text: String) -> String { Printable.json(JSON.quoted(text)) }
}

extension Logger.Level {
    fileprivate var padded: String {
        rawValue.count >= 8 ? rawValue : rawValue + String(repeating: " ", count: 8 - rawValue.count)
    }
}
