// SPDX-License-Identifier: Apache-2.0

extension Collection<String> {
    /// The element that was probably meant by a name that is none of them; `nil` when none is near.
    package func nearest(to name: String) -> String? {
        let changes = map { candidate in
            (candidate, Array(candidate.lowercased()).difference(from: Array(name.lowercased())).count)
        }
        guard let (candidate, count) = changes.min(by: { $0.1 < $1.1 }), count <= Swift.max(2, name.count / 2) else {
            return nil
        }
        return candidate
    }
}
