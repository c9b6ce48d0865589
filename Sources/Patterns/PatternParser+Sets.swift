// SPDX-License-Identifier: Apache-2.0

/// Sets of characters: brackets and escapes.
extension PatternParser {
    /// Parses a bracket expression after its opening bracket.
    mutating func set() -> ScalarSet? {
        var set = ScalarSet()
        set.isNegated = skip("^")
        var isFirst = true
        // A closing bracket that comes first stands for itself.
        while isFirst || !skip("]") {
            isFirst = false
            if skip("[:") {
                guard let named = namedClass() else { return nil }
                set.formUnion(named)
                continue
            }
            guard let lower = member() else { return nil }
            guard rest.first == "-", rest.dropFirst().first != "]" else {
                set.formUnion(lower)
                continue
            }
            rest.removeFirst()
            guard let first = lower.onlyMember, let last = member()?.onlyMember, first <= last else { return nil }
            set.insert(first...last)
        }
        return cased(set)
    }

    private mutating func namedClass() -> ScalarSet? {
        let isNegated = skip("^")
        let name = rest.prefix { ("a"..."z").contains($0) }
        rest = rest.dropFirst(name.count)
        guard skip(":]"), var set = ScalarSet.named[String(String.UnicodeScalarView(name))] else { return nil }
        set.isNegated = isNegated
        return set
    }

    private mutating func member() -> ScalarSet? {
        guard let scalar = rest.popFirst() else { return nil }
        return scalar == "\\" ? escape() : ScalarSet(scalar...scalar)
    }

    /// Parses an escape that stands for characters.
    mutating func escape() -> ScalarSet? {
        guard let scalar = rest.popFirst() else { return nil }
        switch scalar {
        case "d": return .digit
        case "s": return .space
        case "w": return .word
        case "D": return negated(.digit)
        case "S": return negated(.space)
        case "W": return negated(.word)
        case "a": return ScalarSet("\u{7}"..."\u{7}")
        case "f": return ScalarSet("\u{c}"..."\u{c}")
        case "n": return ScalarSet("\n"..."\n")
        case "r": return ScalarSet("\r"..."\r")
        case "t": return ScalarSet("\t"..."\t")
        case "v": return ScalarSet("\u{b}"..."\u{b}")
        case "x": return hexadecimal().map { ScalarSet($0...$0) }
        // Letters and digits are reserved for meanings; any other character stands for itself.
        default:
            return scalar.isASCII && !ScalarSet.word.contains(scalar) || scalar == "_"
                ? ScalarSet(scalar...scalar) : nil
        }
    }

    private mutating func hexadecimal() -> Unicode.Scalar? {
        let isBraced = skip("{")
        let digits = rest.prefix { $0.properties.isASCIIHexDigit }.prefix(isBraced ? 6 : 2)
        rest = rest.dropFirst(digits.count)
        guard isBraced ? skip("}") : digits.count == 2 else { return nil }
        return UInt32(String(String.UnicodeScalarView(digits)), radix: 16).flatMap(Unicode.Scalar.init)
    }

    private func negated(_ set: ScalarSet) -> ScalarSet {
        var set = set
        set.isNegated = true
        return set
    }
}

extension ScalarSet {
    /// The character of a set of one, which can bound a range.
    fileprivate var onlyMember: Unicode.Scalar? {
        guard !isNegated, ranges.count == 1, let range = ranges.first, range.lowerBound == range.upperBound else {
            return nil
        }
        return range.lowerBound
    }
}
