// SPDX-License-Identifier: Apache-2.0

/// One line of a `.terraformignore`: a path with wildcards, as in `.gitignore`.
///
/// Matching takes time in proportion to the pattern times the path, whatever the pattern: a mismatch goes back to the
/// last star, and never to an earlier one.
struct IgnorePattern: Sendable {
    private enum Letter: Hashable {
        case scalar(Unicode.Scalar)
        case any
        case star
        case oneOf([ClosedRange<Unicode.Scalar>], isNegated: Bool)
    }

    private enum Step: Hashable {
        /// `**`: any number of directories; at the end, everything below.
        case anywhere
        case name([Letter])
    }

    /// Whether it takes in again what an earlier line left out.
    let isNegated: Bool
    private let isForDirectories: Bool
    private let steps: [Step]

    /// Reads a line; `nil` when it is empty or a comment.
    init?(_ line: Substring) {
        var text = line.unicodeScalars[...]
        let isBlank = { (scalar: Unicode.Scalar) in scalar == " " || scalar == "\t" || scalar == "\r" }
        text = text.drop(while: isBlank)
        while let last = text.last, isBlank(last) { text.removeLast() }
        guard let first = text.first, first != "#" else { return nil }
        isNegated = first == "!"
        if isNegated { text.removeFirst() }
        isForDirectories = text.last == "/"
        let names = text.split(separator: "/")
        guard !names.isEmpty else { return nil }
        // Terraform matches a path that does not begin with a slash at any depth, also one of several names.
        steps =
            (text.first == "/" ? [] : [.anywhere])
            + names.map { name in
                name.elementsEqual(["*", "*"]) ? .anywhere : .name(Self.letters(name))
            }
    }

    /// Whether it matches exactly this path.
    ///
    /// - Parameter path: The path's names, each as scalars.
    func matches(_ path: ArraySlice<[Unicode.Scalar]>, isDirectory: Bool) -> Bool {
        guard isDirectory || !isForDirectories else { return false }
        var (name, step) = (path.startIndex, 0)
        var retry: (name: Int, step: Int)?
        while name < path.endIndex {
            if step < steps.count, case .anywhere = steps[step] {
                step += 1
                if step == steps.count { return true }
                retry = (name, step)
            } else if step < steps.count, case .name(let letters) = steps[step], Self.match(letters, path[name]) {
                name += 1
                step += 1
            } else if let last = retry {
                name = last.name + 1
                step = last.step
                retry = (name, step)
            } else {
                return false
            }
        }
        return step == steps.count
    }

    private static func match(_ letters: [Letter], _ name: [Unicode.Scalar]) -> Bool {
        var (position, letter) = (0, 0)
        var retry: (position: Int, letter: Int)?
        while position < name.count {
            if letter < letters.count, letters[letter] == .star {
                letter += 1
                retry = (position, letter)
            } else if letter < letters.count, takes(letters[letter], name[position]) {
                position += 1
                letter += 1
            } else if let last = retry {
                position = last.position + 1
                letter = last.letter
                retry = (position, letter)
            } else {
                return false
            }
        }
        return letters[letter...].allSatisfy { $0 == .star }
    }

    private static func takes(_ letter: Letter, _ scalar: Unicode.Scalar) -> Bool {
        switch letter {
        case .scalar(let own): own == scalar
        case .any: true
        case .star: false
        case .oneOf(let ranges, let isNegated): ranges.contains { $0.contains(scalar) } != isNegated
        }
    }

    private static func letters(_ name: Substring.UnicodeScalarView) -> [Letter] {
        var letters: [Letter] = []
        var rest = name
        while let scalar = rest.popFirst() {
            switch scalar {
            case "*": if letters.last != .star { letters.append(.star) }
            case "?": letters.append(.any)
            case "\\": letters.append(.scalar(rest.popFirst() ?? scalar))
            case "[":
                var inside = rest
                if let range = range(&inside) {
                    letters.append(range)
                    rest = inside
                } else {
                    letters.append(.scalar(scalar))
                }
            default: letters.append(.scalar(scalar))
            }
        }
        return letters
    }

    /// The character class after a `[`; `nil` when there is no `]`.
    private static func range(_ rest: inout Substring.UnicodeScalarView) -> Letter? {
        let isNegated = rest.first == "!" || rest.first == "^"
        if isNegated { rest.removeFirst() }
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        while let scalar = rest.popFirst() {
            if scalar == "]", !ranges.isEmpty { return .oneOf(ranges, isNegated: isNegated) }
            let low = scalar == "\\" ? rest.popFirst() ?? scalar : scalar
            var high = low
            if rest.first == "-", let end = rest.dropFirst().first, end != "]" {
                rest.removeFirst(2)
                high = end
            }
            ranges.append(low...max(low, high))
        }
        return nil
    }
}
