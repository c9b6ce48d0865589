// SPDX-License-Identifier: Apache-2.0

/// A decimal number with all of its digits: `4`, `4.0` and `4e0` are one number, and nothing is rounded.
package struct DecimalNumber: Hashable, Sendable {
    /// The longest text that is read.
    private static let longestText = 1_000
    /// The largest power of ten of the first digit: the range of a double.
    private static let magnitudes = -330...308

    private let isNegative: Bool
    /// Without zeros at either end; empty: zero.
    private let digits: Substring
    /// The number is its digits, as a whole number, times ten to this power.
    private let exponent: Int

    /// Reads a decimal number as Terraform does: sign, digits, point, exponent. `nil` for anything else, and outside of
    /// the range of a double.
    package init?(_ text: String) {
        guard text.utf8.count <= Self.longestText else { return nil }
        var rest = Substring(text)
        isNegative = rest.first == "-"
        if rest.first == "-" || rest.first == "+" { rest.removeFirst() }
        let whole = Self.digits(&rest)
        var fraction: Substring = ""
        if rest.first == "." {
            rest.removeFirst()
            fraction = Self.digits(&rest)
        }
        guard !whole.isEmpty || !fraction.isEmpty, var power = Self.power(rest) else { return nil }
        power -= fraction.utf8.count
        let significant = (whole + fraction).drop { $0 == "0" }
        let trailing = significant.utf8.reversed().prefix { $0 == UInt8(ascii: "0") }.count
        digits = significant.dropLast(trailing)
        exponent = digits.isEmpty ? 0 : power + trailing
        guard digits.isEmpty || Self.magnitudes.contains(exponent + digits.utf8.count - 1) else { return nil }
    }

    /// The canonical text of the number: without an exponent and without redundant zeros.
    package var text: String {
        guard !digits.isEmpty else { return "0" }
        let sign = isNegative ? "-" : ""
        guard exponent < 0 else { return sign + digits + String(repeating: "0", count: exponent) }
        let places = -exponent
        let padded = String(repeating: "0", count: max(places + 1 - digits.utf8.count, 0)) + digits
        return sign + padded.dropLast(places) + "." + padded.suffix(places)
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.digits == right.digits && left.exponent == right.exponent
            && (left.isNegative == right.isNegative || left.digits.isEmpty)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(digits)
        hasher.combine(exponent)
    }

    /// Removes the digits at the start, and returns them.
    private static func digits(_ rest: inout Substring) -> Substring {
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        rest = rest[digits.endIndex...]
        return digits
    }

    /// The value of an exponent such as `e-3`; 0 when there is none, `nil` when it is malformed.
    private static func power(_ text: Substring) -> Int? {
        guard let mark = text.first else { return 0 }
        guard mark == "e" || mark == "E" else { return nil }
        var rest = text.dropFirst()
        let sign = rest.first == "-" ? -1 : 1
        if rest.first == "-" || rest.first == "+" { rest.removeFirst() }
        let digits = Self.digits(&rest)
        guard rest.isEmpty, 1...6 ~= digits.utf8.count, let power = Int(digits) else { return nil }
        return sign * power
    }
}
