// SPDX-License-Identifier: Apache-2.0

/// Parses a pattern. A method returns `nil` when the text is not a valid pattern.
struct PatternParser {
    /// The flags of `(?ims)`.
    struct Flags {
        var ignoresCase = false
        var multiline = false
        var dotTakesNewline = false
    }

    /// Deeper nesting is refused, so that no pattern exhausts the stack.
    private static let maximumDepth = 100
    /// As in RE2.
    private static let maximumRepetition = 1_000

    var rest: ArraySlice<Unicode.Scalar>
    private var flags = Flags()
    private var depth = 0

    init(_ text: String) {
        rest = Array(text.unicodeScalars)[...]
    }

    mutating func parse() -> PatternNode? {
        guard let node = alternatives(), rest.isEmpty else { return nil }
        return node
    }

    private mutating func alternatives() -> PatternNode? {
        var nodes: [PatternNode] = []
        repeat {
            guard let node = sequence() else { return nil }
            nodes.append(node)
        } while skip("|")
        return .alternatives(nodes)
    }

    private mutating func sequence() -> PatternNode? {
        var nodes: [PatternNode] = []
        while let next = rest.first, next != "|", next != ")" {
            guard let atom = atom(), let node = repetition(of: atom) else { return nil }
            nodes.append(node)
        }
        return .sequence(nodes)
    }

    // MARK: - Repetition

    private mutating func repetition(of atom: PatternNode) -> PatternNode? {
        guard let (least, most) = bounds() else { return atom }
        guard least <= Self.maximumRepetition, most ?? least <= Self.maximumRepetition, least <= most ?? least else {
            return nil
        }
        // Laziness decides which match is found, not whether there is one.
        _ = skip("?")
        // RE2 does not accept `a**`.
        guard bounds() == nil else { return nil }
        return .repetition(atom, least: least, most: most)
    }

    private mutating func bounds() -> (least: Int, most: Int?)? {
        if skip("*") { return (0, nil) }
        if skip("+") { return (1, nil) }
        if skip("?") { return (0, 1) }
        // A brace that begins no repetition stands for itself.
        let start = rest
        if skip("{"), let least = number() {
            if skip("}") { return (least, least) }
            if skip(",") {
                if skip("}") { return (least, nil) }
                if let most = number(), skip("}") { return (least, most) }
            }
        }
        rest = start
        return nil
    }

    private mutating func number() -> Int? {
        let digits = rest.prefix { ("0"..."9").contains($0) }
        guard (1...6).contains(digits.count) else { return nil }
        rest = rest.dropFirst(digits.count)
        return digits.reduce(0) { $0 * 10 + Int($1.value - 48) }
    }

    // MARK: - Atoms

    private mutating func atom() -> PatternNode? {
        guard let scalar = rest.popFirst() else { return nil }
        switch scalar {
        case "(": return group()
        case "[": return set().map { .set($0) }
        case ".":
            var any = flags.dotTakesNewline ? ScalarSet() : ScalarSet("\n"..."\n")
            any.isNegated = true
            return .set(any)
        case "^": return .assertion(flags.multiline ? .lineStart : .textStart)
        case "$": return .assertion(flags.multiline ? .lineEnd : .textEnd)
        case "*", "+", "?": return nil
        case "\\": return assertion().map { .assertion($0) } ?? escape().map { .set(cased($0)) }
        default: return .set(cased(ScalarSet(scalar...scalar)))
        }
    }

    private mutating func group() -> PatternNode? {
        depth += 1
        guard depth <= Self.maximumDepth else { return nil }
        defer { depth -= 1 }
        let outer = flags
        if skip("?") {
            if skip("P<") || skip("<") {
                let name = rest.prefix { ScalarSet.word.contains($0) }
                rest = rest.dropFirst(name.count)
                guard !name.isEmpty, skip(">") else { return nil }
            } else {
                guard readFlags() else { return nil }
                // Without a colon, flags hold for the rest of the enclosing group.
                if skip(")") { return .sequence([]) }
                guard skip(":") else { return nil }
            }
        }
        guard let node = alternatives(), skip(")") else { return nil }
        flags = outer
        return node
    }

    private mutating func readFlags() -> Bool {
        var isOn = true
        while let flag = rest.first, flag != ":", flag != ")" {
            rest.removeFirst()
            switch flag {
            case "i": flags.ignoresCase = isOn
            case "m": flags.multiline = isOn
            case "s": flags.dotTakesNewline = isOn
            case "U": break  // Swaps greed and reluctance.
            case "-" where isOn: isOn = false
            default: return false
            }
        }
        return true
    }

    private mutating func assertion() -> Pattern.Assertion? {
        if skip("A") { return .textStart }
        if skip("z") { return .textEnd }
        if skip("b") { return .wordBoundary }
        if skip("B") { return .noWordBoundary }
        return nil
    }

    // MARK: - Characters

    func cased(_ set: ScalarSet) -> ScalarSet {
        var set = set
        set.ignoresCase = flags.ignoresCase
        return set
    }

    mutating func skip(_ text: String) -> Bool {
        guard rest.starts(with: text.unicodeScalars) else { return false }
        rest = rest.dropFirst(text.unicodeScalars.count)
        return true
    }
}
