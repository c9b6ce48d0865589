// SPDX-License-Identifier: Apache-2.0

import PostgresClient

/// The rules for names of workspaces, users and templates.
package enum Name {
    /// 1 to 32 letters, digits, hyphens, underscores and dots, with no hyphen at either end.
    ///
    /// Throws ``StoreError`` of code `.invalid` with the expected form.
    package static func requireLabel(_ name: String, of kind: String, most: Int = 32) throws {
        let bytes = Array(name.utf8)
        let isLabel = bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard isLabel, !bytes.isEmpty, bytes.count <= most, bytes.first != UInt8(ascii: "-"),
            bytes.last != UInt8(ascii: "-")
        else {
            throw StoreError(
                .invalid,
                "'\(name)' is not a name for a \(kind)",
                remedy: "Use 1 to \(most) letters, digits, '-', '_' or '.', and no hyphen at either end."
            )
        }
    }
}

extension StoreError {
    /// Runs the body, and converts the violation of the named unique constraint into an error for people.
    static func naming<Result>(_ kind: String, _ name: String, _ body: () async throws -> Result) async throws -> Result
    {
        do {
            return try await body()
        } catch let error as PostgresError
            where error.sqlState == .uniqueViolation && error.constraint?.hasSuffix("name_key") == true
        {
            throw StoreError(
                .nameTaken,
                "The name '\(name)' is taken by another \(kind)",
                remedy: "Choose another name."
            )
        }
    }
}
