// SPDX-License-Identifier: Apache-2.0

/// Makes new inputs from known ones: bytes are changed, words of the format are inserted, parts are repeated,
/// exchanged, nested and cut.
///
/// The same seed gives the same inputs.
struct Mutator {
    /// Inputs do not grow beyond this; slow code shows below it, too.
    private let mostBytes: Int

    private var generator: SeededGenerator
    private let words: [[UInt8]]

    init(seed: UInt64, words: [String], mostBytes: Int) {
        self.mostBytes = mostBytes
        generator = SeededGenerator(seed: seed)
        self.words = words.map { Array($0.utf8) }
    }

    mutating func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &generator) }

    mutating func pick<Element>(_ elements: [Element]) -> Element? { elements.randomElement(using: &generator) }

    /// One of the inputs, changed in one to eight ways.
    mutating func mutate(_ inputs: [[UInt8]]) -> [UInt8] {
        var bytes = pick(inputs) ?? []
        for _ in 0..<(1 << number(0..<4)) { change(&bytes, inputs) }
        return Array(bytes.prefix(mostBytes))
    }

    private mutating func change(_ bytes: inout [UInt8], _ inputs: [[UInt8]]) {
        let part = range(of: bytes)
        switch number(0..<12) {
        case 0: flip(&bytes)
        case 1: bytes.removeSubrange(part)
        case 2: bytes.insert(contentsOf: bytes[part], at: number(0..<bytes.count + 1))
        case 3: bytes.replaceSubrange(part, with: pick(words) ?? [])
        case 4, 5: bytes.insert(contentsOf: pick(words) ?? [], at: number(0..<bytes.count + 1))
        case 6: repeatPart(&bytes, part)
        case 7: nest(&bytes, part)
        case 8: bytes.replaceSubrange(part, with: number(of: bytes, part))
        case 9:
            let other = pick(inputs) ?? []
            bytes.replaceSubrange(part, with: other[range(of: other)])
        case 10: bytes.removeSubrange(part.lowerBound...)
        default: bytes.replaceSubrange(part, with: (0..<number(1..<9)).map { _ in UInt8(number(0..<256)) })
        }
    }

    private mutating func range(of bytes: [UInt8]) -> Range<Int> {
        guard !bytes.isEmpty else { return 0..<0 }
        let start = number(0..<bytes.count)
        // Short parts as often as long ones.
        let most = min(bytes.count - start, 1 << number(0..<16))
        return start..<start + number(0..<most + 1)
    }

    private mutating func flip(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else { return }
        bytes[number(0..<bytes.count)] ^= 1 << UInt8(number(0..<8))
    }

    /// Many repetitions: quadratic code takes long, and unbounded values grow.
    private mutating func repeatPart(_ bytes: inout [UInt8], _ part: Range<Int>) {
        guard !part.isEmpty else { return }
        let room = max(mostBytes - bytes.count, 0)
        let times = min(1 << number(0..<16), room / part.count)
        bytes.insert(contentsOf: repeatElement(bytes[part], count: times).joined(), at: part.upperBound)
    }

    /// Many brackets of one kind around a part: unbounded recursion exhausts the stack.
    private mutating func nest(_ bytes: inout [UInt8], _ part: Range<Int>) {
        let pairs = ["[]", "{}", "()", "\"\"", "<>"].map { Array($0.utf8) }
        guard let pair = pick(pairs) else { return }
        let times = min(1 << number(0..<16), max(mostBytes - bytes.count, 0) / 2)
        bytes.insert(contentsOf: repeatElement(pair[1], count: times), at: part.upperBound)
        bytes.insert(contentsOf: repeatElement(pair[0], count: times), at: part.lowerBound)
    }

    /// A number at which something may overflow.
    private mutating func number(of bytes: [UInt8], _ part: Range<Int>) -> [UInt8] {
        let numbers = [
            "0", "-1", "1", "255", "256", "65536", "2147483647", "2147483648", "-2147483649", "4294967296",
            "9223372036854775807", "9223372036854775808", "-9223372036854775809", "1e400", "1e-400", "0.0000001", "00",
        ]
        return Array((pick(numbers) ?? "0").utf8)
    }
}

/// SplitMix64: the same numbers for the same seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
