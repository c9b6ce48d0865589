// SPDX-License-Identifier: Apache-2.0

import Basics

/// A token of HCL's native syntax.
struct HCLToken: Hashable {
    enum Kind: Hashable {
        case identifier(String)
        case number(String)
        /// A quoted string or heredoc. The value is `nil` when it holds `${...}` or `%{...}`: only Terraform knows it.
        case string(String?)
        case symbol(String)
        case newline
        case end
    }

    let kind: Kind
    let mark: HCLMark
    /// The range of its bytes in the file.
    let range: Range<Int>

    var line: Int { mark.line }

    func isSymbol(_ text: String) -> Bool { kind == .symbol(text) }
}

/// A place in a file. The column is computed only when an error needs it.
struct HCLMark: Hashable {
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
struct HCLProblem: Error {
    let line: Int
    let column: Int?
    let message: String

    init(_ message: String, line: Int) {
        self.line = line
        column = nil
        self.message = message
    }

    init(_ message: String, at mark: HCLMark, in bytes: [UInt8]) {
        line = mark.line
        column = mark.column(in: bytes)
        self.message = message
    }
}

extension JSONNode {
    /// Reads a file in Terraform's JSON syntax.
    static func read(_ text: String) throws(HCLProblem) -> JSONNode {
        let bytes = Array(text.utf8)
        guard !bytes.starts(with: [0xef, 0xbb, 0xbf]) else {
            throw HCLProblem(
                "a byte order mark, which Terraform refuses before JSON; save the file without it",
                at: HCLMark(line: 1, lineStart: 0, offset: 0),
                in: bytes
            )
        }
        do throws(JSONFault) { return try JSONNode(parsing: bytes) } catch {
            let lines = bytes[..<error.offset].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            let start = lines.last?.startIndex ?? 0
            throw HCLProblem(
                error.message,
                at: HCLMark(line: lines.count, lineStart: start, offset: error.offset),
                in: bytes
            )
        }
    }

    /// The elements of an array, or the value itself: Terraform accepts either where it expects blocks.
    var oneOrMany: [JSONNode] {
        guard case .array(let elements) = content else { return [self] }
        return elements
    }
}
