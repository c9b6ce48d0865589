// SPDX-License-Identifier: Apache-2.0

/// Finds what was probably meant by a name that is not known.
enum Suggestion {
    /// Longer names are nobody's slip of the pen, and comparing two takes the product of their lengths.
    private static let longestName = 64
    /// So many candidates are looked at, and so many named.
    private static let mostCompared = 250
    private static let mostNamed = 20

    /// The nearest candidate, when at most a third of the letters differ; the first of equals.
    static func nearest(to name: String, among candidates: some Sequence<String>) -> String? {
        guard name.utf8.count <= longestName else { return nil }
        let letters = Array(name.lowercased().filter { $0 != "-" && $0 != "_" })
        var best: (candidate: String, distance: Int)?
        for candidate in candidates.prefix(mostCompared) where candidate.utf8.count <= longestName {
            let other = Array(candidate.lowercased().filter { $0 != "-" && $0 != "_" })
            let distance = distance(letters, other)
            guard distance <= max(1, max(letters.count, other.count) / 3) else { continue }
            if distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.candidate
    }

    /// `did you mean 'name'?`, or else what there is to choose from.
    static func remedy(for name: String, among candidates: [String]) -> String {
        if let nearest = nearest(to: name, among: candidates) { return "did you mean '\(nearest)'?" }
        return candidates.isEmpty ? "" : "known here: \(list(candidates))"
    }

    /// The first of many, for a message.
    static func list(_ names: [String]) -> String {
        let more = names.count > mostNamed ? " and \(names.count - mostNamed) more" : ""
        return names.prefix(mostNamed).map { Excerpt.of($0) }.joined(separator: ", ") + more
    }

    /// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
    private static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var row = [i + 1]
            for (j, b) in right.enumerated() {
                var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (a == b ? 0 : 1))
                if i > 0, j > 0, a == right[j - 1], left[i - 1] == b { cost = min(cost, beforeLast[j - 1] + 1) }
                row.append(cost)
            }
            (beforeLast, last) = (last, row)
        }
        return last[right.count]
    }
}
