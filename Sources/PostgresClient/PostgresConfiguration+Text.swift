// SPDX-License-Identifier: Apache-2.0

import CLibPQ

extension PostgresConfiguration {
    /// The connection for another program of libpq: one string of `keyword='value'` pairs, with ``database``. What it
    /// leaves open, that program takes from libpq's environment variables and files.
    ///
    /// May hold a password: it belongs into the program's environment, never among its arguments.
    package var text: String {
        var keywords = Self.keywords(of: connectionString)
        if let database { keywords["dbname"] = database }
        return keywords.sorted { $0.key < $1.key }.map { "\($0.key)=\(Self.quoted($0.value))" }.joined(separator: " ")
    }

    /// What the connection string says, by libpq's keywords.
    private static func keywords(of text: String) -> [String: String] {
        guard let options = PQconninfoParse(text, nil) else {
            // libpq takes any other text for the name of a database.
            return ["dbname": text]
        }
        defer { PQconninfoFree(options) }
        var keywords: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { keywords[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return keywords
    }

    private static func quoted(_ value: String) -> String {
        var quoted = "'"
        for character in value.unicodeScalars {
            if character == "'" || character == "\\" { quoted.append("\\") }
            quoted.unicodeScalars.append(character)
        }
        return quoted + "'"
    }
}
