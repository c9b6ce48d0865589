// SPDX-License-Identifier: Apache-2.0

/// A lexer for HCL's native syntax (the HCL Native Syntax Specification, "Lexical Elements"). Decision 11 says why it
/// is written here (Documentation/Decisions/0011-hcl-reader.md).
package struct HCLLexer {
    private static let symbols = ["...", "==", "!=", "<=", ">=", "=>", "&&", "||", "::"]
    /// Depth of `${` inside of strings inside of `${`. The limit is far above real templates, and protects the stack.
    private static let maximumDepth = 100

    let bytes: [UInt8]
    var mark = HCLMark(line: 1, lineStart: 0, offset: 0)
    private var depth = 0

    init(_ text: String) {
        bytes = Array(text.utf8)
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { offset = 3 }
    }

    /// Takes a text as it is, also a byte order mark.
    init(verbatim text: String) {
        bytes = Array(text.utf8)
    }

    /// The tokens of the text; the last one is the end.
    package static func tokens(of text: String) throws(HCLProblem) -> [HCLToken] {
        var lexer = Self(text)
        var tokens: [HCLToken] = []
        while true {
            let token = try lexer.next()
            tokens.append(token)
            if token.kind == .end { return tokens }
        }
    }

    var offset: Int {
        get { mark.offset }
        set { mark.offset = newValue }
    }

    func byte(_ ahead: Int = 0) -> UInt8? {
        offset + ahead < bytes.count ? bytes[offset + ahead] : nil
    }

    func isAt(_ text: String) -> Bool {
        bytes[offset...].starts(with: text.utf8)
    }

    func problem(_ message: String, at mark: HCLMark? = nil) -> HCLProblem {
        HCLProblem(message, at: mark ?? self.mark, in: bytes)
    }

    mutating func advance() {
        if bytes[offset] == UInt8(ascii: "\n") {
            mark.line += 1
            mark.lineStart = offset + 1
        }
        offset += 1
    }

    mutating func next() throws(HCLProblem) -> HCLToken {
        try skipBlanks()
        let start = mark
        let kind = try kind()
        return HCLToken(kind: kind, mark: start, range: start.offset..<offset)
    }

    private mutating func kind() throws(HCLProblem) -> HCLToken.Kind {
        guard let first = byte() else { return .end }
        switch first {
        case UInt8(ascii: "\n"):
            advance()
            return .newline
        case UInt8(ascii: "\""):
            return .string(try quoted())
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            return .number(number())
        case _ where Self.startsIdentifier(first):
            return .identifier(take { Self.startsIdentifier($0) || Self.isDigit($0) || $0 == UInt8(ascii: "-") })
        default:
            let start = mark
            if isAt("<<"), let delimiter = heredocStart() { return .string(try heredoc(delimiter, from: start)) }
            if let symbol = Self.symbols.first(where: isAt) {
                offset += symbol.utf8.count
                return .symbol(symbol)
            }
            guard "={}[]().,:?+-*/%!<>~".utf8.contains(first) else {
                throw problem("a character that does not belong here")
            }
            advance()
            return .symbol(String(UnicodeScalar(first)))
        }
    }

    /// Skips blanks and comments; a comment to the end of a line leaves the line's end.
    private mutating func skipBlanks() throws(HCLProblem) {
        while let next = byte() {
            if next == UInt8(ascii: " ") || next == UInt8(ascii: "\t") || next == UInt8(ascii: "\r") {
                advance()
            } else if next == UInt8(ascii: "#") || isAt("//") {
                while let next = byte(), next != UInt8(ascii: "\n") { advance() }
            } else if isAt("/*") {
                let start = mark
                offset += 2
                while !isAt("*/") {
                    guard byte() != nil else { throw problem("this comment is never closed with */", at: start) }
                    advance()
                }
                offset += 2
            } else {
                return
            }
        }
    }

    mutating func take(while condition: (UInt8) -> Bool) -> String {
        let start = offset
        while let next = byte(), condition(next) { offset += 1 }
        return String(decoding: bytes[start..<offset], as: UTF8.self)
    }

    private mutating func number() -> String {
        var digits = take(while: Self.isDigit)
        if byte() == UInt8(ascii: "."), let after = byte(1), Self.isDigit(after) {
            offset += 1
            digits += "." + take(while: Self.isDigit)
        }
        if let exponent = byte(), exponent | 0x20 == UInt8(ascii: "e") {
            let isSigned = byte(1) == UInt8(ascii: "+") || byte(1) == UInt8(ascii: "-")
            if let digit = byte(isSigned ? 2 : 1), Self.isDigit(digit) {
                digits += take { !Self.isDigit($0) } + take(while: Self.isDigit)
            }
        }
        return digits
    }

    /// Skips `${ ... }` or `%{ ... }`, with the strings and braces in it.
    mutating func skipTemplate() throws(HCLProblem) {
        let start = mark
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else { throw problem("templates are nested too deeply") }
        offset += 2
        var braces = 1
        while braces > 0 {
            let token = try next()
            switch token.kind {
            case .symbol("{"): braces += 1
            case .symbol("}"): braces -= 1
            case .end: throw problem("this ${ or %{ is never closed with }", at: start)
            default: break
            }
        }
    }

    static func isDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }

    static func startsIdentifier(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || byte == UInt8(ascii: "_") || byte >= 0x80
    }
}
