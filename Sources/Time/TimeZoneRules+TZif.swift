// SPDX-License-Identifier: Apache-2.0

/// Why bytes are not valid rules of a time zone.
package struct TimeZoneError: Error, Hashable, Sendable, CustomStringConvertible {
    package let message: String

    package init(message: String) {
        self.message = message
    }

    package var description: String { message }

    static let truncated = Self(message: "the time zone file ends too early")
}

extension TimeZoneRules {
    /// Reads a TZif file of version 1 to 4 (RFC 9636), with the rule at its end for later times.
    ///
    /// Files with leap seconds (the `right/` zones) are refused, because the database counts none.
    package init(tzif bytes: [UInt8]) throws(TimeZoneError) {
        var reader = TZifReader(bytes)
        var header = try reader.header()
        var width = 4
        if header.version >= 2 {
            // The first block repeats the second in 32 bits, for readers of version 1.
            try reader.skip(header.blockSize(timeWidth: 4))
            header = try reader.header()
            width = 8
        }
        guard header.leapCount == 0 else {
            throw TimeZoneError(message: "the time zone file counts leap seconds; use the one outside 'right/'")
        }
        // This check comes before memory is allocated for the counts of the header.
        guard header.blockSize(timeWidth: width) <= reader.remaining else { throw .truncated }
        guard header.typeCount > 0 else { throw TimeZoneError(message: "the time zone file has no local time") }

        var transitions: [Int64] = []
        transitions.reserveCapacity(header.timeCount)
        for _ in 0..<header.timeCount {
            let time = try reader.integer(width: width)
            if let last = transitions.last, time <= last {
                throw TimeZoneError(message: "the time zone file's transitions are not in order")
            }
            transitions.append(time)
        }
        let typeIndices = try reader.bytes(header.timeCount)
        var types: [Int] = []
        for _ in 0..<header.typeCount {
            let offset = Int(try reader.integer(width: 4))
            guard abs(offset) <= 26 * 3_600 else {
                throw TimeZoneError(message: "the time zone file has an offset of \(offset) seconds")
            }
            types.append(offset)
            try reader.skip(2)  // Whether it is daylight saving time, and its abbreviation.
        }
        var offsets = [types[0]]
        for index in typeIndices {
            guard Int(index) < types.count else {
                throw TimeZoneError(message: "the time zone file refers to a local time that it does not define")
            }
            offsets.append(types[Int(index)])
        }
        var tail: PosixTimeZone?
        if width == 8 {
            try reader.skip(header.sizeAfterTypes(timeWidth: width))
            let footer = try reader.footer()
            if !footer.isEmpty { tail = try PosixTimeZone(footer) }
        }
        self.init(transitions: transitions, offsets: offsets, tail: tail)
    }
}

private struct TZifHeader {
    var version: Int
    var utcIndicatorCount: Int
    var standardIndicatorCount: Int
    var leapCount: Int
    var timeCount: Int
    var typeCount: Int
    var characterCount: Int

    func blockSize(timeWidth: Int) -> Int {
        timeCount * (timeWidth + 1) + typeCount * 6 + sizeAfterTypes(timeWidth: timeWidth)
    }

    func sizeAfterTypes(timeWidth: Int) -> Int {
        characterCount + leapCount * (timeWidth + 4) + standardIndicatorCount + utcIndicatorCount
    }
}

private struct TZifReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        rest = bytes[...]
    }

    var remaining: Int { rest.count }

    mutating func header() throws(TimeZoneError) -> TZifHeader {
        guard try Array(bytes(4)) == Array("TZif".utf8) else { throw TimeZoneError(message: "not a time zone file") }
        let version: Int
        switch try bytes(1).first {
        case 0: version = 1
        case let digit? where (UInt8(ascii: "2")...UInt8(ascii: "4")).contains(digit): version = Int(digit) - 48
        default: throw TimeZoneError(message: "the time zone file is of an unknown version")
        }
        try skip(15)
        return TZifHeader(
            version: version,
            utcIndicatorCount: try count(),
            standardIndicatorCount: try count(),
            leapCount: try count(),
            timeCount: try count(),
            typeCount: try count(),
            characterCount: try count()
        )
    }

    /// The text between two line feeds that ends the file.
    mutating func footer() throws(TimeZoneError) -> ArraySlice<UInt8> {
        let lineFeed = UInt8(ascii: "\n")
        guard rest.popFirst() == lineFeed, let end = rest.firstIndex(of: lineFeed) else { throw .truncated }
        return rest[..<end]
    }

    mutating func bytes(_ count: Int) throws(TimeZoneError) -> ArraySlice<UInt8> {
        guard count <= rest.count else { throw .truncated }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    mutating func skip(_ count: Int) throws(TimeZoneError) {
        _ = try bytes(count)
    }

    /// A signed number in big-endian order.
    mutating func integer(width: Int) throws(TimeZoneError) -> Int64 {
        let field = try bytes(width)
        let negative = (field.first ?? 0) & 0x80 != 0
        return field.reduce(negative ? -1 : 0) { $0 << 8 | Int64($1) }
    }

    /// Four bytes, unsigned. No sum of products of such counts with small factors overflows.
    private mutating func count() throws(TimeZoneError) -> Int {
        try bytes(4).reduce(0) { $0 << 8 | Int($1) }
    }
}
