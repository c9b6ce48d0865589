// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PostgresClient

/// Labels of workspaces: names and values that their owners choose.
package enum Labels {
    /// The most that a workspace has.
    package static let most = 32

    /// Throws ``StoreError`` of code `.invalid` for a name or value that labels cannot have.
    package static func check(_ labels: [String: String]) throws {
        guard labels.count <= most else {
            throw StoreError(
                .invalid,
                "There are \(labels.count) labels; at most \(most) are allowed",
                remedy: "Give fewer."
            )
        }
        for (name, value) in labels.sorted(by: { $0.key < $1.key }) {
            guard name.wholeMatch(of: /[A-Za-z0-9](?:[A-Za-z0-9_.\/-]{0,61}[A-Za-z0-9])?/) != nil else {
                throw StoreError(
                    .invalid,
                    "'\(name)' is no name of a label",
                    remedy: "Use 1 to 63 letters, digits, '-', '_', '.' and '/', with a letter or digit at both ends."
                )
            }
            guard value.wholeMatch(of: /[A-Za-z0-9_.\/:@-]{0,63}/) != nil else {
                throw StoreError(
                    .invalid,
                    "The value of label '\(name)' cannot be '\(value)'",
                    remedy: "Use at most 63 letters, digits, '-', '_', '.', '/', ':' and '@'."
                )
            }
        }
    }

    /// Reads a selector such as `team=data,run=17`: labels that a workspace must have.
    ///
    /// Throws ``StoreError`` of code `.invalid`.
    package static func selector(_ text: String) throws -> [String: String] {
        var labels: [String: String] = [:]
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard sides.count == 2, labels.updateValue(sides[1], forKey: sides[0]) == nil else {
                throw StoreError(
                    .invalid,
                    "'\(text)' is no selector",
                    remedy: "Give labels with commas between them, each once, such as team=data,run=17."
                )
            }
        }
        try check(labels)
        return labels
    }

    /// Reads the columns ``SQL/labelPairs``; `nil`: there are none.
    static func read(_ row: Row) throws -> [String: String]? {
        let (names, values): ([String], [String]) = (try row["label_names"], try row["label_values"])
        return names.isEmpty ? nil : Dictionary(zip(names, values)) { first, _ in first }
    }

    static func json(_ labels: [String: String]) -> PostgresJSON {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Texts always have a JSON.
        return PostgresJSON((try? encoder.encode(labels)).map { String(decoding: $0, as: UTF8.self) } ?? "{}")
    }
}

extension ClaimRequest {
    /// As the database keeps them.
    var storedLabels: PostgresJSON { Labels.json(labels) }
}

extension SQL {
    /// The labels of the workspace `w`, as columns.
    static let labelPairs: SQL = """
        ARRAY(SELECT l.key FROM jsonb_each_text(\(sql: labels)) l ORDER BY l.key) AS label_names,
            ARRAY(SELECT coalesce(l.value, '') FROM jsonb_each_text(\(sql: labels)) l ORDER BY l.key) AS label_values
        """
    /// What another program has written may be no object.
    private static let labels: SQL = "CASE WHEN jsonb_typeof(w.labels) = 'object' THEN w.labels ELSE '{}' END"

    /// The workspace `w` has these labels; `nil`: any.
    static func hasLabels(_ selector: [String: String]?) -> SQL {
        selector.map { "w.labels @> \(Labels.json($0))" } ?? "true"
    }
}
