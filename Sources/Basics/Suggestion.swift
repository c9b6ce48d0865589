// SPDX-License-Identifier: Apache-2.0

/// Suggests a known name in place of an unknown one ("did you mean").
package enum Suggestion {
    /// Longer names are not compared: comparing two takes time in proportion to the product of their lengths.
    private static let longestName = 64
    /// How many candidates are compared, and how many are named.
    private static let mostCompared = 250
    private static let mostNamed = 20

    /// The nearest candidate, when at most a third of the letters differ; the first of several.
    package static func nearest(to name: String, among candidates: some Sequence<String>) -> String? {
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

    /// `did you mean 'name'?`, or else a list of the known names.
    package static func remedy(for name: String, among candidates: [String]) -> String {
        if let nearest = nearest(to: name, among: candidates) { return "did you mean '\(nearest)'?" }
        return candidates.isEmpty ? "" : "known here: \(list(candidates))"
    }

    /// The first few of many, for a message.
    package static func list(_ names: [String]) -> String {
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
