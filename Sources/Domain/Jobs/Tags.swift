// SPDX-License-Identifier: Apache-2.0

import Basics

/// The tags of a job or a worker: a job runs only where the worker's tags contain its own. As JSON an object of texts.
package struct Tags: Hashable, Sendable, Codable {
    package let values: [String: String]

    /// The tags of jobs and workers that are given none; a job with exactly these runs only on workers with exactly these.
    package static let usual = Tags(["scope": "organization", "owner": ""])

    /// How many there may be, and how long, in characters.
    package static let most = 32
    package static let longestName = 64
    package static let longestValue = 256

    package init(_ values: [String: String]) {
        self.values = values
    }

    /// As they are stored, where values may be of any type; what is no object counts as no tags.
    package init(stored json: String) {
        let members = (try? JSON(parsing: json))?.members ?? [:]
        values = members.mapValues { $0.text ?? $0.json }
    }

    package init(from decoder: any Decoder) throws {
        values = try [String: String](from: decoder)
    }

    package func encode(to encoder: any Encoder) throws {
        try values.encode(to: encoder)
    }

    /// As an object of JSON, sorted by name.
    package var json: String { JSON.object(values.mapValues { .string($0) }).json }

    /// For people: `gpu=true, zone=eu`; `default` for the usual ones.
    package var text: String {
        if self == .usual { return "default" }
        return values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
    }

    /// What is wrong with one of them, as the end of a sentence that begins with "expected"; `nil`: nothing.
    package static func expectation(ofName name: String, value: String) -> String? {
        let isName =
            (1...longestName).contains(name.unicodeScalars.count)
            && !name.unicodeScalars.contains { $0 == "=" || $0.properties.generalCategory == .control }
        guard isName else { return "a name of 1 to \(longestName) characters on one line, without '='" }
        let isValue =
            value.unicodeScalars.count <= longestValue
            && !value.unicodeScalars.contains { $0.properties.generalCategory == .control }
        return isValue ? nil : "a value of at most \(longestValue) characters on one line"
    }
}
