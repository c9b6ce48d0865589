// SPDX-License-Identifier: Apache-2.0

/// Text with the colours of a terminal (ECMA-48, SGR), as HTML with classes. Every other control sequence is left out, so
/// that nothing but colours comes through.
enum TerminalText {
    /// The classes of the attributes that hold: `a` with a number for weight and slant, `f` for the colour.
    private struct Look: Equatable {
        var attributes: Set<Int> = []
        var colour: Int?

        var classes: String {
            (attributes.sorted().map { "a\($0)" } + (colour.map { ["f\($0)"] } ?? [])).joined(separator: " ")
        }

        mutating func apply(_ code: Int) {
            switch code {
            case 0: self = Look()
            case 1...4: attributes.insert(code)
            case 22: attributes.subtract([1, 2])
            case 23: attributes.remove(3)
            case 24: attributes.remove(4)
            case 30...37: colour = (1...6).contains(code - 30) ? code - 30 : nil
            case 90...97: colour = (1...6).contains(code - 90) ? code - 90 : nil
            case 39: colour = nil
            default: break
            }
        }
    }

    static func markup(_ text: String) -> Markup {
        guard text.unicodeScalars.contains("\u{1b}") else { return Markup(text) }
        var html = ""
        var look = Look()
        var plain = String.UnicodeScalarView()
        func flush() {
            guard !plain.isEmpty else { return }
            let piece = Markup.escape(String(plain))
            html += look == Look() ? piece : "<span class=\"\(look.classes)\">\(piece)</span>"
            plain = String.UnicodeScalarView()
        }
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            guard scalar == "\u{1b}" else {
                plain.append(scalar)
                continue
            }
            guard let sequence = sequence(&rest) else { continue }
            flush()
            for code in sequence { look.apply(code) }
        }
        flush()
        return Markup(html: html)
    }

    /// Reads the rest of a control sequence; returns the codes of one that sets colours, else `nil`.
    private static func sequence(_ rest: inout Substring.UnicodeScalarView) -> [Int]? {
        switch rest.first {
        case "[":
            rest.removeFirst()
            var parameters = ""
            while let scalar = rest.popFirst() {
                // The final byte of a control sequence.
                if ("@"..."~").contains(scalar) {
                    guard scalar == "m" else { return nil }
                    let codes = parameters.split(separator: ";", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
                    // 38 and 48 are followed by a colour of more numbers, which has no class.
                    return codes.contains(38) || codes.contains(48) ? [] : codes
                }
                guard scalar.isASCII, scalar >= " ", parameters.utf8.count < 32 else { return nil }
                parameters.unicodeScalars.append(scalar)
            }
            return nil
        case "]", "P", "_", "^", "X":
            // A string until BEL or ST, such as a title or a link.
            while let scalar = rest.popFirst(), scalar != "\u{07}", scalar != "\u{9c}" {
                if scalar == "\u{1b}" {
                    _ = rest.popFirst()
                    break
                }
            }
            return nil
        default:
            _ = rest.popFirst()
            return nil
        }
    }
}
