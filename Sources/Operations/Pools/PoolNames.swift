// SPDX-License-Identifier: Apache-2.0

import Domain

/// The names of a pool, as `template/preset`.
struct PoolNames {
    let template: String
    let preset: String

    static let field = Field(
        "target",
        .text(most: 200),
        "The pool, as `template/preset`.",
        required: true,
        example: .text("go/eu")
    )

    /// Throws ``Refusal`` for another form.
    init(_ target: String) throws(Refusal) {
        guard let slash = target.firstIndex(of: "/"), slash != target.startIndex else {
            throw Refusal(.invalid, "'\(target)' is not a pool", remedy: "Write template/preset.")
        }
        template = String(target[..<slash])
        preset = String(target[target.index(after: slash)...])
    }
}
