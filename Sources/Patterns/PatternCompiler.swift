// SPDX-License-Identifier: Apache-2.0

/// The syntax tree of a pattern.
indirect enum PatternNode: Sendable {
    case set(ScalarSet)
    case assertion(Pattern.Assertion)
    case sequence([PatternNode])
    case alternatives([PatternNode])
    /// A `most` of `nil` means no upper bound.
    case repetition(PatternNode, least: Int, most: Int?)
}

/// Compiles a pattern into instructions. Every method returns false once there are too many.
struct PatternCompiler {
    /// Nested repetitions multiply, and each instruction costs time at each character.
    private static let limit = 4_000

    private(set) var program: [Pattern.Instruction] = []

    mutating func emit(_ instruction: Pattern.Instruction) -> Bool {
        program.append(instruction)
        return program.count <= Self.limit
    }

    mutating func emit(_ node: PatternNode) -> Bool {
        switch node {
        case .set(let set): emit(.take(set))
        case .assertion(let assertion): emit(.check(assertion))
        case .sequence(let nodes): nodes.allSatisfy { emit($0) }
        case .alternatives(let nodes): emitAlternatives(nodes[...])
        case .repetition(let node, let least, let most): emitRepetition(of: node, least, most)
        }
    }

    private mutating func emitAlternatives(_ nodes: ArraySlice<PatternNode>) -> Bool {
        var exits: [Int] = []
        for node in nodes.dropLast() {
            let split = program.count
            guard emit(.split(split + 1, split)), emit(node) else { return false }
            exits.append(program.count)
            guard emit(.jump(0)) else { return false }
            program[split] = .split(split + 1, program.count)
        }
        guard nodes.last.map({ emit($0) }) ?? true else { return false }
        for exit in exits { program[exit] = .jump(program.count) }
        return true
    }

    private mutating func emitRepetition(of node: PatternNode, _ least: Int, _ most: Int?) -> Bool {
        for _ in 0..<least {
            let start = program.count
            guard emit(node) else { return false }
            // Repetitions of the empty pattern are dropped; the limit would never stop nested ones.
            if program.count == start { break }
        }
        guard let most else {
            let split = program.count
            guard emit(.split(split + 1, split)), emit(node), emit(.jump(split)) else { return false }
            program[split] = .split(split + 1, program.count)
            return true
        }
        var splits: [Int] = []
        for _ in least..<most {
            splits.append(program.count)
            guard emit(.jump(0)), emit(node) else { return false }
        }
        for split in splits { program[split] = .split(split + 1, program.count) }
        return true
    }
}
