// SPDX-License-Identifier: Apache-2.0

/// A regular expression of the RE2 family, matched in time linear in the length of the value.
///
/// Expressions come from templates, and plans are made while the reconciler's lock is held: with a backtracking matcher
/// one expression such as `(a+)+$` would stop the pools of the whole fleet. This one keeps a set of states instead (after
/// Thompson, 1968), and knows what RE2 and Terraform know, except Unicode classes (`\p`), quoting (`\Q`) and captures.
package struct Pattern: Sendable {
    /// A place in the text that takes no character.
    enum Assertion: Sendable {
        case textStart, textEnd, lineStart, lineEnd, wordBoundary, noWordBoundary
    }

    enum Instruction: Sendable {
        case take(ScalarSet)
        case check(Assertion)
        /// Go on at both.
        case split(Int, Int)
        case jump(Int)
        case found
    }

    private let program: [Instruction]

    /// `nil` when `text` is no such expression, or one that repeats so much that it becomes too large.
    package init?(_ text: String) {
        var parser = PatternParser(text)
        var compiler = PatternCompiler()
        guard let node = parser.parse(), compiler.emit(node), compiler.emit(.found) else { return nil }
        program = compiler.program
    }

    /// Whether some part of `value` matches.
    package func isFound(in value: String) -> Bool {
        let text = Array(value.unicodeScalars)
        var states = StateSet(capacity: program.count)
        var next = StateSet(capacity: program.count)
        for position in 0...text.count {
            // A match may begin anywhere.
            if follow(0, at: position, of: text, into: &states) { return true }
            guard position < text.count else { break }
            for state in states.members {
                guard case .take(let set) = program[state], set.contains(text[position]) else { continue }
                if follow(state + 1, at: position + 1, of: text, into: &next) { return true }
            }
            swap(&states, &next)
            next.removeAll()
        }
        return false
    }

    /// Adds all that is reached from `start` without taking a character. True when that is the end.
    private func follow(_ start: Int, at position: Int, of text: [Unicode.Scalar], into states: inout StateSet) -> Bool
    {
        states.enqueue(start)
        while let state = states.admitNext() {
            switch program[state] {
            case .found: return true
            case .jump(let target): states.enqueue(target)
            case .split(let one, let other):
                states.enqueue(one)
                states.enqueue(other)
            case .check(let assertion): if holds(assertion, at: position, of: text) { states.enqueue(state + 1) }
            case .take: break
            }
        }
        return false
    }

    private func holds(_ assertion: Assertion, at position: Int, of text: [Unicode.Scalar]) -> Bool {
        let before = position > 0 ? text[position - 1] : nil
        let after = position < text.count ? text[position] : nil
        func isWord(_ scalar: Unicode.Scalar?) -> Bool { scalar.map(ScalarSet.word.contains) ?? false }
        return switch assertion {
        case .textStart: before == nil
        case .textEnd: after == nil
        case .lineStart: before == nil || before == "\n"
        case .lineEnd: after == nil || after == "\n"
        case .wordBoundary: isWord(before) != isWord(after)
        case .noWordBoundary: isWord(before) == isWord(after)
        }
    }
}

/// Instructions that a match has reached, each once, and those still to be looked at.
private struct StateSet {
    private(set) var members: [Int] = []
    private var isMember: [Bool]
    private var waiting: [Int] = []

    init(capacity: Int) {
        isMember = Array(repeating: false, count: capacity)
    }

    /// Keeps `state` for `admitNext`.
    mutating func enqueue(_ state: Int) {
        waiting.append(state)
    }

    /// The next that waits and is no member yet, now a member.
    mutating func admitNext() -> Int? {
        while let state = waiting.popLast() {
            guard !isMember[state] else { continue }
            isMember[state] = true
            members.append(state)
            return state
        }
        return nil
    }

    mutating func removeAll() {
        for member in members { isMember[member] = false }
        members.removeAll(keepingCapacity: true)
    }
}
