// SPDX-License-Identifier: Apache-2.0

extension JSONNode {
    /// Reads a file in Terraform's JSON syntax.
    package static func read(_ text: String) throws(HCLProblem) -> JSONNode {
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
    package var oneOrMany: [JSONNode] {
        guard case .array(let elements) = content else { return [self] }
        return elements
    }
}
