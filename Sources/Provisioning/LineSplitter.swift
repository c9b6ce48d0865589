// SPDX-License-Identifier: Apache-2.0

/// A line of a child's output, without its end.
struct OutputLine: Sendable, Hashable {
    var bytes: [UInt8]
    /// Bytes cut off behind `bytes`, because the line was too long.
    var omitted = 0

    /// As text; what is not UTF-8 is replaced, NUL (which no `text` column takes) too.
    var text: String {
        let text = String(decoding: bytes, as: UTF8.self).split(separator: "\0", omittingEmptySubsequences: false)
            .joined(separator: "\u{FFFD}")
        return omitted == 0 ? text : "\(text)... (\(omitted) more bytes in this line)"
    }
}

/// Divides chunks of output into lines, keeping no more than `limit` bytes of any.
struct LineSplitter {
    /// Enough for a line of a log.
    static let logLimit = 1 << 16
    /// Enough for a line that carries a whole state.
    static let protocolLimit = 1 << 26

    private let limit: Int
    private var line = OutputLine(bytes: [])
    private var started = false

    init(limit: Int) {
        self.limit = limit
    }

    mutating func take(_ chunk: ArraySlice<UInt8>, _ emit: (OutputLine) -> Void) {
        var rest = chunk
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            append(rest[..<end])
            flush(emit)
            rest = rest[(end + 1)...]
        }
        if !rest.isEmpty { append(rest) }
    }

    /// Emits a last line that has no end.
    mutating func finish(_ emit: (OutputLine) -> Void) {
        if started { flush(emit) }
    }

    private mutating func append(_ bytes: ArraySlice<UInt8>) {
        started = true
        let room = max(0, limit - line.bytes.count)
        line.bytes.append(contentsOf: bytes.prefix(room))
        line.omitted += max(0, bytes.count - room)
    }

    private mutating func flush(_ emit: (OutputLine) -> Void) {
        if line.omitted == 0, line.bytes.last == UInt8(ascii: "\r") { line.bytes.removeLast() }
        emit(line)
        line = OutputLine(bytes: [])
        started = false
    }
}
