// SPDX-License-Identifier: Apache-2.0

import Domain
import Glibc

/// A line of a child's output, without its end.
struct OutputLine: Sendable, Hashable {
    var bytes: [UInt8]
    /// The number of bytes that were cut off after `bytes`, because the line was too long.
    var omitted = 0

    /// The bytes that were kept, as text; those that are not UTF-8 are replaced, and NUL too.
    var kept: String { String(decoding: bytes, as: UTF8.self).storable }

    /// The note about the bytes that were cut off.
    var omission: String { omitted == 0 ? "" : "... (\(omitted) more bytes in this line)" }

    /// The line for a log, limited to that many bytes.
    func cut(to limit: Int = ChildBounds.lineBytes) -> OutputLine {
        guard bytes.count > limit else { return self }
        return OutputLine(bytes: Array(bytes.prefix(limit)), omitted: omitted + bytes.count - limit)
    }
}

/// How many bytes of a line are kept; the rest is only counted.
struct LineLimit: Sendable {
    /// Of any line.
    var any = ChildBounds.lineBytes
    /// Of one that begins with `{`, and may be a message.
    var object = ChildBounds.lineBytes
}

/// Splits chunks of output into lines, and keeps no more than the limit of each.
struct LineSplitter {
    private let limit: LineLimit
    private var line = OutputLine(bytes: [])
    private var started = false

    init(limit: LineLimit) {
        self.limit = limit
    }

    mutating func take(_ chunk: UnsafeRawBufferPointer, _ emit: (OutputLine) -> Void) {
        var rest = chunk
        while let base = rest.baseAddress, !rest.isEmpty {
            guard let end = memchr(base, 0x0a, rest.count) else { return append(rest) }
            let count = UnsafeRawPointer(end) - base
            append(UnsafeRawBufferPointer(rebasing: rest[..<count]))
            flush(emit)
            rest = UnsafeRawBufferPointer(rebasing: rest[(count + 1)...])
        }
    }

    /// Emits a last line without a line end.
    mutating func finish(_ emit: (OutputLine) -> Void) {
        if started { flush(emit) }
    }

    private mutating func append(_ bytes: UnsafeRawBufferPointer) {
        started = true
        let isObject = (line.bytes.first ?? bytes.first) == UInt8(ascii: "{")
        let room = max(0, (isObject ? limit.object : limit.any) - line.bytes.count)
        line.bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes.prefix(room)))
        line.omitted += max(0, bytes.count - room)
    }

    private mutating func flush(_ emit: (OutputLine) -> Void) {
        if line.omitted == 0, line.bytes.last == UInt8(ascii: "\r") { line.bytes.removeLast() }
        emit(line)
        line = OutputLine(bytes: [])
        started = false
    }
}
