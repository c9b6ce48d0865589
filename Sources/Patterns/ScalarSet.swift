// SPDX-License-Identifier: Apache-2.0

/// A set of characters that one place of a pattern accepts.
struct ScalarSet: Sendable {
    private(set) var ranges: [ClosedRange<Unicode.Scalar>]
    var isNegated = false
    var ignoresCase = false

    init(_ ranges: ClosedRange<Unicode.Scalar>...) {
        self.ranges = ranges
    }

    /// The sets of `\d`, `\s` and `\w`, in ASCII as in RE2.
    static let digit = Self("0"..."9")
    static let space = Self("\t"..."\n", "\u{c}"..."\r", " "..." ")
    static let word = Self("0"..."9", "A"..."Z", "_"..."_", "a"..."z")

    /// The classes that are named within brackets, as in `[[:alpha:]]`.
    static let named: [String: Self] = [
        "alnum": Self("0"..."9", "A"..."Z", "a"..."z"), "alpha": Self("A"..."Z", "a"..."z"),
        "ascii": Self("\0"..."\u{7f}"), "blank": Self("\t"..."\t", " "..." "),
        "cntrl": Self("\0"..."\u{1f}", "\u{7f}"..."\u{7f}"), "digit": digit, "graph": Self("!"..."~"),
        "lower": Self("a"..."z"), "print": Self(" "..."~"), "punct": Self("!"..."/", ":"..."@", "["..."`", "{"..."~"),
        "space": Self("\t"..."\r", " "..." "), "upper": Self("A"..."Z"), "word": word,
        "xdigit": Self("0"..."9", "A"..."F", "a"..."f"),
    ]

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        var isIn = ranges.contains { $0.contains(scalar) }
        if !isIn, ignoresCase {
            // Characters whose other case has more than one character have no other case here.
            let others = [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping].map(\.unicodeScalars)
            isIn = others.contains { other in
                other.count == 1 && ranges.contains { range in other.first.map(range.contains) ?? false }
            }
        }
        return isIn != isNegated
    }

    mutating func insert(_ range: ClosedRange<Unicode.Scalar>) {
        ranges.append(range)
    }

    /// A negated set is entered as the gaps between its ranges.
    mutating func formUnion(_ other: Self) {
        guard other.isNegated else {
            ranges += other.ranges
            return
        }
        var start: UInt32 = 0
        for range in other.ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            insertGap(from: start, upTo: range.lowerBound.value)
            start = max(start, range.upperBound.value + 1)
        }
        insertGap(from: start, upTo: 0x110000)
    }

    /// Negated sets contain ASCII only, so that no gap begins or ends with a surrogate.
    private mutating func insertGap(from start: UInt32, upTo end: UInt32) {
        guard start < end, let first = Unicode.Scalar(start), let last = Unicode.Scalar(end - 1) else { return }
        ranges.append(first...last)
    }
}
