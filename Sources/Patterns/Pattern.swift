// SPDX-License-Identifier: Apache-2.0

/// A regular expression of the RE2 family, matched in time linear in the length of the value.
///
/// Expressions come from templates, and validation may run while the reconciler's lock is held: with a backtracking
/// matcher, one expression such as `(a+)+$` could stop the pools of the whole fleet. This matcher keeps a set of states
/// instead (Thompson, 1968). It supports the syntax of RE2 and Terraform, except Unicode classes (`\p`), quoting (`\Q`)
/// and captures (Documentation/Decisions/0006-linear-time-patterns.md).
package struct Pattern: Sendable {
    /// An instruction that consumes no character.
    enum Assertion: Sendable {
        case textStart, textEnd, lineStart, lineEnd, wordBoundary, noWordBoundary
    }

    enum Instruction: Sendable {
        case take(ScalarSet)
        case check(Assertion)
        /// Continue at both places.
        case split(Int, Int)
        case jump(Int)
        case found
    }

    private let program: [Instruction]

    /// `nil` when `text` is not a valid expression, or becomes too large by its repetitions.
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

    /// Adds all states that are reached from `start` without a character. Returns whether the end is among them.
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

/// The instructions that a match has reached, each once, and those that are still to be visited.
private struct StateSet {
    private(set) var members: [Int] = []
    private var isMember: [Bool]
    private var waiting: [Int] = []

    init(capacity: Int) {
        isMember = Array(repeating: false, count: capacity)
    }

    /// Queues `state` for `admitNext`.
    mutating func enqueue(_ state: Int) {
        waiting.append(state)
    }

    /// The next queued state that is not a member yet; it becomes a member.
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
