// SPDX-License-Identifier: Apache-2.0

extension Identifier {
    /// The fewest digits that stand for an identifier.
    package static var leastDigits: Int { 4 }

    /// All identifiers whose canonical form begins so; `nil` when none can, or when it has too few digits.
    package static func range(beginning prefix: some StringProtocol) -> ClosedRange<Self>? {
        let form = "00000000-0000-0000-0000-000000000000"
        guard prefix.utf8.count <= form.utf8.count, prefix.count(where: { $0 != "-" }) >= leastDigits else {
            return nil
        }
        let rest = form.dropFirst(prefix.count)
        guard let first = Self(prefix + rest), let last = Self(prefix + rest.replacing("0", with: "f")) else {
            return nil
        }
        return first...last
    }
}
