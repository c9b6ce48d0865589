// SPDX-License-Identifier: Apache-2.0

import Time

/// What is wrong with a trace's text, and in which line.
package struct TraceError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Counted from 1; `nil`: it is wrong as a whole.
    package let line: Int?
    package let message: String

    package var description: String { line.map { "line \($0): \(message)" } ?? message }
}

extension Trace {
    /// The longest line, in bytes.
    static let longestLine = 4_096
    package static let mostPoints = 2_000_000
    /// The most claims of a simulation.
    package static let mostClaims = 2_000_000
    /// The longest time from the first point to the last.
    static let longest: Duration = .seconds(5 * 366 * 86_400)

    /// Reads lines of `instant` or of `instant,count`; the first one may be a heading. Times without an offset are UTC.
    package init(csv bytes: some Sequence<UInt8>) throws(TraceError) {
        var reader = TraceReader()
        var line: [UInt8] = []
        for byte in bytes {
            guard byte == UInt8(ascii: "\n") else {
                line.append(byte)
                guard line.count <= Self.longestLine else {
                    throw TraceError(line: reader.number + 1, message: "longer than \(Self.longestLine) bytes")
                }
                continue
            }
            try reader.read(line)
            line.removeAll(keepingCapacity: true)
        }
        try reader.read(line)
        self = try reader.trace()
    }
}

private struct TraceReader {
    private(set) var number = 0
    private var points: [Trace.Point] = []
    private var hasCounts: Bool?
    private var hasHeading = false

    mutating func read(_ line: [UInt8]) throws(TraceError) {
        number += 1
        let text = Self.trimmed(line[...])
        guard !text.isEmpty else { return }
        let fields = text.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map(Self.trimmed)
        guard let at = Self.instant(fields[0]) else {
            // A heading has no digit in its first field: a time that is misspelt is not taken for one.
            if points.isEmpty, !hasHeading, !fields[0].contains(where: { (48...57).contains($0) }) {
                hasHeading = true
                return
            }
            throw error("'\(Self.shown(fields[0]))' is not a time such as 2025-06-02T03:00:00Z")
        }
        guard fields.count <= 2 else {
            throw error("\(fields.count) fields; a line is 'instant' or 'instant,count'")
        }
        guard hasCounts ?? (fields.count == 2) == (fields.count == 2) else {
            throw error(fields.count == 2 ? "a count, and the lines before have none" : "the count is missing")
        }
        hasCounts = fields.count == 2
        var count = 1.0
        if fields.count == 2 {
            guard let value = Double(String(decoding: fields[1], as: UTF8.self)), value.isFinite,
                (0...1e9).contains(value)
            else { throw error("'\(Self.shown(fields[1]))' is not a count from 0 to 1000000000") }
            count = value
        }
        guard points.count < Trace.mostPoints else { throw error("more than \(Trace.mostPoints) lines") }
        points.append(Trace.Point(at: at, count: count))
    }

    func trace() throws(TraceError) -> Trace {
        let trace = Trace(points: points, hasCounts: hasCounts ?? false)
        guard !points.isEmpty else { throw TraceError(line: nil, message: "no line of it is a time") }
        guard trace.end - trace.start <= Trace.longest else {
            throw TraceError(line: nil, message: "longer than five years, from \(trace.start) to \(trace.end)")
        }
        return trace
    }

    private func error(_ message: String) -> TraceError { TraceError(line: number, message: message) }

    private static func instant(_ field: ArraySlice<UInt8>) -> Instant? {
        guard field.count <= 40 else { return nil }
        let text = String(decoding: field, as: UTF8.self)
        return Instant(iso8601: text) ?? Instant(iso8601: text + "Z")
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isBlank = { (byte: UInt8) in byte == 32 || byte == 9 || byte == 13 }
        var bytes = bytes.drop(while: isBlank)
        while let last = bytes.last, isBlank(last) { bytes.removeLast() }
        return bytes
    }

    private static func shown(_ field: ArraySlice<UInt8>) -> String {
        String(decoding: field.prefix(40), as: UTF8.self)
    }
}
