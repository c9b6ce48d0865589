// SPDX-License-Identifier: Apache-2.0

extension HCLLexer {
    /// The value of a quoted string, or `nil` when it is a template.
    mutating func quoted() throws(HCLProblem) -> String? {
        let start = mark
        var value: [UInt8] = []
        var isLiteral = true
        advance()
        while let next = byte() {
            switch next {
            case UInt8(ascii: "\""):
                advance()
                return isLiteral ? String(decoding: value, as: UTF8.self) : nil
            case UInt8(ascii: "\n"):
                throw problem(Self.unclosed, at: start)
            case UInt8(ascii: "\\"):
                value += try escape()
            default:
                isLiteral = try templateText(into: &value) && isLiteral
            }
        }
        throw problem(Self.unclosed, at: start)
    }

    private static let unclosed = "this string is not closed on its line"

    /// Reads one byte of text, an escaped brace (`$${`, `%%{`), or a whole `${...}`; returns false for the last.
    mutating func templateText(into value: inout [UInt8]) throws(HCLProblem) -> Bool {
        let sign = bytes[offset]
        guard sign == UInt8(ascii: "$") || sign == UInt8(ascii: "%") else {
            value.append(sign)
            advance()
            return true
        }
        let signs = bytes[offset...].prefix { $0 == sign }.count
        guard byte(signs) == UInt8(ascii: "{") else {
            value += repeatElement(sign, count: signs)
            offset += signs
            return true
        }
        if signs == 1 {
            try skipTemplate()
            return false
        }
        // The last two stand for a single one.
        value += repeatElement(sign, count: signs - 1)
        value.append(UInt8(ascii: "{"))
        offset += signs + 1
        return true
    }

    mutating func escape() throws(HCLProblem) -> [UInt8] {
        let start = mark
        let message = #"an escape that is none of \n \r \t \" \\ \uNNNN \UNNNNNNNN"#
        advance()
        guard let letter = byte(), letter != UInt8(ascii: "\n") else { throw problem(message, at: start) }
        advance()
        switch letter {
        case UInt8(ascii: "n"): return [0x0a]
        case UInt8(ascii: "r"): return [0x0d]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): return [letter]
        case UInt8(ascii: "u"), UInt8(ascii: "U"):
            let length = letter == UInt8(ascii: "u") ? 4 : 8
            let digits = String(decoding: bytes.dropFirst(offset).prefix(length), as: UTF8.self)
            guard digits.utf8.count == length, digits.utf8.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }),
                let scalar = UInt32(digits, radix: 16).flatMap(UnicodeScalar.init)
            else { throw problem(message, at: start) }
            offset += length
            return Array(String(scalar).utf8)
        default: throw problem(message, at: start)
        }
    }

    // MARK: Heredocs

    struct HeredocDelimiter {
        let word: String
        /// `<<-` removes the indentation that all lines share.
        let isIndented: Bool
    }

    /// Skips `<<WORD` and the end of its line; `nil`, without a step, when these two characters begin no heredoc.
    mutating func heredocStart() -> HeredocDelimiter? {
        let start = offset
        offset += 2
        let isIndented = byte() == UInt8(ascii: "-")
        if isIndented { offset += 1 }
        guard let first = byte(), Self.startsIdentifier(first) else {
            offset = start
            return nil
        }
        let word = take { Self.startsIdentifier($0) || Self.isDigit($0) || $0 == UInt8(ascii: "-") }
        if byte() == UInt8(ascii: "\r") { offset += 1 }
        guard byte() == UInt8(ascii: "\n") else {
            offset = start
            return nil
        }
        advance()
        return HeredocDelimiter(word: word, isIndented: isIndented)
    }

    /// The text up to the line that holds only the delimiter, or `nil` when it is a template.
    mutating func heredoc(_ delimiter: HeredocDelimiter, from start: HCLMark) throws(HCLProblem) -> String? {
        var lines: [[UInt8]] = []
        var isLiteral = true
        while byte() != nil {
            if takeDelimiter(delimiter.word) {
                guard isLiteral else { return nil }
                if delimiter.isIndented { Self.removeSharedIndentation(&lines) }
                return String(decoding: lines.joined(), as: UTF8.self)
            }
            var line: [UInt8] = []
            while let next = byte(), next != UInt8(ascii: "\n") {
                isLiteral = try templateText(into: &line) && isLiteral
            }
            if byte() != nil {
                advance()
                line.append(UInt8(ascii: "\n"))
            }
            lines.append(line)
        }
        throw problem("this heredoc is never closed with a line \(delimiter.word)", at: start)
    }

    /// Skips the delimiter and the blanks around it, but not the end of its line, which ends the attribute.
    private mutating func takeDelimiter(_ word: String) -> Bool {
        let line = bytes[offset...].prefix { $0 != UInt8(ascii: "\n") }
        let isBlank = { (scalar: Unicode.Scalar) in scalar.properties.isWhitespace }
        var text = String(decoding: line, as: UTF8.self).unicodeScalars.drop(while: isBlank)
        guard Substring(text).utf8.starts(with: word.utf8) else { return false }
        while let last = text.last, isBlank(last) { text.removeLast() }
        guard Substring(text).utf8.elementsEqual(word.utf8) else { return false }
        offset = line.endIndex
        return true
    }

    /// Blank lines neither count nor change, as in hclsyntax.
    private static func removeSharedIndentation(_ lines: inout [[UInt8]]) {
        func indentation(_ line: [UInt8]) -> Int? {
            let blanks = line.prefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r") }
            return line.dropFirst(blanks.count) == [UInt8(ascii: "\n")] ? nil : blanks.count
        }
        let shared = lines.compactMap(indentation).min() ?? 0
        for index in lines.indices where indentation(lines[index]) != nil { lines[index].removeFirst(shared) }
    }
}
