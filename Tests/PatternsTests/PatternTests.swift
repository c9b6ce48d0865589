// SPDX-License-Identifier: Apache-2.0

import Patterns
import TestSupport
import Testing

@Suite struct PatternTests {
    private enum Outcome { case found, notFound, unreadable }

    private func find(_ pattern: String, in value: String) -> Outcome {
        switch Pattern(pattern)?.isFound(in: value) {
        case true?: .found
        case false?: .notFound
        case nil: .unreadable
        }
    }

    @Test(
        arguments: [
            ("", "x", nil), ("b", "abc", "ac"), ("^b", "bc", "abc"), ("c$", "abc", "abcd"), ("^$", "", "a"),
            ("a|b|", "", nil), ("^(eu|us)-", "us-east", "ap-us-1"), ("^(a|b)c|d$", "xd", "ab"),
            ("^ab*c$", "abbbc", "adc"), ("^ab+c$", "abc", "ac"), ("^ab?c$", "ac", "abbc"),
            ("^a{2}$", "aa", "a"), ("^a{2,}$", "aaaa", "a"), ("^a{2,3}$", "aaa", "aaaa"), ("^a{0,1}$", "", "aa"),
            ("^a{0}$", "", "a"), ("^(ab){2}$", "abab", "ab"), ("^a{,2}$", "a{,2}", "aa"), ("^{x}$", "{x}", "x"),
            ("^a+?b*?c??$", "aab", "b"), ("^(a*)*$", "aaa", "b"), ("^(a|b*)+$", "abba", "c"),
            ("^.$", "é", ""), ("^.$", "x", "\n"), ("(?s)^.$", "\n", "xx"), ("^.b", "ab", "b"),
            ("^[a-cx]+$", "abxc", "d"), ("^[^/]+$", "ab", "a/b"), ("^[]a]+$", "]a", "["), ("^[^]a]+$", "bc", "]"),
            ("^[a-]+$", "a-", "b"), ("^[-a]+$", "-a", "b"), ("^[a\\-c]+$", "a-c", "b"), ("^[\\d_]+$", "1_2", "a"),
            ("^[\\D]$", "a", "1"), ("^[^\\W]$", "_", "-"), ("^[\\s\\S]$", "é", ""), ("^[.*+]+$", "*.+", "a"),
            ("^[[:alpha:]]+$", "abC", "a1"), ("^[[:^digit:]x]+$", "ab", "1"), ("^[[:xdigit:]-]+$", "a-F", "g"),
            ("^\\d{2,3}$", "12", "1234"), ("^\\w+$", "a_1", "é"), ("^\\s$", "\t", "\u{b}"),
            ("^\\S\\D\\W$", "xx-", "x1-"),
            ("^\\.\\/\\_$", "./_", "x/_"), ("^\\x41\\x{1F600}$", "A😀", "A"),
            ("^\\t\\n\\r\\f\\v\\a$", "\t\n\r\u{c}\u{b}\u{7}", ""),
            ("\\bcat\\b", "a cat.", "concat"), ("\\Bcat", "concat", "cat"), ("\\Aab\\z", "ab", "ab\n"),
            ("(?m)^b$", "a\nb\nc", "ab"), ("^b$", "b", "a\nb\nc"),
            ("(?i)straße", "STRAßE", "strasse"), ("(?i)[a-c]x", "BX", "DX"), ("(?i:a)b", "Ab", "AB"),
            ("(?i)[^a]", "b", "A"),
            ("((?i)a)b", "Ab", "AB"), ("(?i)a(?-i)b", "Ab", "AB"), ("(?is-m)^.a$", "\nA", "\nAx"),
            ("^(?:ab)+$", "abab", "aba"), ("^(?P<zone>[a-z]+)-(?<number>\\d)$", "eu-1", "eu-"), ("(?U)a+", "a", "b"),
            ("^\\$\\^$", "$^", "$"), ("^a]b}$", "a]b}", "ab"),
        ] as [(String, String, String?)]
    )
    func `is found or not`(pattern: String, match: String, mismatch: String?) {
        #expect(find(pattern, in: match) == .found)
        if let mismatch { #expect(find(pattern, in: mismatch) == .notFound) }
    }

    @Test(arguments: [
        "(", ")", "a)", "(a", "[", "[]", "[^]", "[a", "[z-a]", "[\\d-z]", "[a-\\d]", "*", "+a", "a|*", "(?", "(?x)",
        "(?i",
        "(?=a)", "(?!a)", "(?<=a)b", "(?P<>a)", "(?P<a-b>a)", "a**", "a{2}{3}", "a{3,2}", "a{1001}", "a{9999999,1}?+",
        "\\", "\\1", "\\pL", "\\Q", "\\x", "\\x4", "\\x{}", "\\x{110000}", "\\x{d800}", "[[:nope:]]", "[[:alpha:]",
        "(?i-s-m)",
        "\\é",
    ])
    func `what is no pattern is refused`(pattern: String) {
        #expect(find(pattern, in: "a") == .unreadable)
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: ["(a+)+$", "(a|a)*$", "(a*)*b", "(.*)(.*)(.*)(.*)(.*)[^ac]$", "(x+x+)+y|^a?{1}b"]
    )
    func `no pattern takes more than linear time`(pattern: String) {
        _ = find(pattern, in: String(repeating: "a", count: 3_000) + "c")
    }

    @Test(.timeLimit(.minutes(1))) func `a pattern that grows beyond measure is refused`() {
        #expect(find("((a{1000}){1000}){1000}", in: "a") == .unreadable)
        #expect(
            find("((a{0}){1000}){1000}((){1000}){1000}((((((){900}){900}){900}){900}){900}){900}", in: "") == .found
        )
        let deep = 101
        #expect(find(String(repeating: "(", count: deep) + String(repeating: ")", count: deep), in: "") == .unreadable)
        #expect(
            find(String(repeating: "(", count: deep - 1) + String(repeating: ")", count: deep - 1), in: "") == .found
        )
        #expect(find(String(repeating: "(", count: 100_000), in: "") == .unreadable)
    }

    @Test func `agrees with the platform's regular expressions`() throws {
        var generator = SeededGenerator(seed: 5)
        func pick(_ choices: [String]) -> String { choices.randomElement(using: &generator) ?? "" }
        // Assertions are not repeated: the platform gives up a repetition that takes nothing.
        func pattern(_ depth: Int, isRepeated: Bool = false) -> String {
            guard depth > 0 else {
                return pick(["a", "b", "c", ".", "[ab]", "[^a]"] + (isRepeated ? [] : ["\\b", "^", "$", "(?:)"]))
            }
            switch Int.random(in: 0..<4, using: &generator) {
            case 0:
                return "(?:\(pattern(depth - 1, isRepeated: isRepeated))|\(pattern(depth - 1, isRepeated: isRepeated)))"
            case 1:
                return "(?:\(pattern(depth - 1, isRepeated: true)))" + pick(["*", "+", "?", "{2}", "{1,2}", "{2,}"])
            default:
                return pattern(depth - 1, isRepeated: isRepeated) + pattern(depth - 1, isRepeated: isRepeated)
            }
        }
        for _ in 0..<400 {
            let pattern = pattern(3)
            let regex = try Regex(pattern).matchingSemantics(.unicodeScalar)
            // Not the empty text: there the platform sees a word boundary, and RE2 none.
            for _ in 0..<6 {
                let value = (0..<Int.random(in: 1...5, using: &generator)).map { _ in pick(["a", "b", "c"]) }.joined()
                let expected: Outcome = value.contains(regex) ? .found : .notFound
                #expect(find(pattern, in: value) == expected, "\(pattern) in '\(value)'")
            }
        }
    }
}
