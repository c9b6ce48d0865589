// SPDX-License-Identifier: Apache-2.0

/// A token of HCL's native syntax.
package struct HCLToken: Hashable {
    /// What it is, with its value.
    package enum Kind: Hashable {
        case identifier(String)
        case number(String)
        /// A quoted string or heredoc. The value is `nil` when it holds `${...}` or `%{...}`: only Terraform knows it.
        case string(String?)
        case symbol(String)
        case newline
        case end
    }

    package let kind: Kind
    package let mark: HCLMark
    /// The range of its bytes in the file.
    package let range: Range<Int>

    /// Counted from 1.
    package var line: Int { mark.line }

    /// Whether it is this bracket, operator or other sign.
    package func isSymbol(_ text: String) -> Bool { kind == .symbol(text) }
}

/// A place in a file. The column is computed only when an error needs it.
package struct HCLMark: Hashable {
    /// Counted from 1.
    var line: Int
    /// The byte at which the line begins.
    var lineStart: Int
    var offset: Int

    /// Counted from 1, in Unicode scalars; continuation bytes do not count.
    func column(in bytes: [UInt8]) -> Int {
        bytes[lineStart..<offset].count { $0 & 0xc0 != 0x80 } + 1
    }
}

/// Why a file cannot be read, and where.
package struct HCLProblem: Error {
    package let line: Int
    package let column: Int?
    package let message: String

    package init(_ message: String, line: Int) {
        self.line = line
        column = nil
        self.message = message
    }

    package init(_ message: String, at mark: HCLMark, in bytes: [UInt8]) {
        line = mark.line
        column = mark.column(in: bytes)
        self.message = message
    }
}
