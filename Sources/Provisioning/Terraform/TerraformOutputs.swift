// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain

/// The root module's outputs in a state of version 4.
enum TerraformOutputs {
    /// None when it is no such state, or a value is no JSON. Values of any type are taken; Terraform writes none for an
    /// output that is null.
    static func read(_ state: [UInt8]) -> [BuildOutput] {
        guard JSONScan(state, depth: ChildBounds.depth).isWhole else { return [] }
        return RawJSON(state)["outputs"]?.members.compactMap { member in
            guard let raw = member.value["value"],
                let value = try? JSON(parsing: String(decoding: raw.bytes, as: UTF8.self))
            else { return nil }
            return BuildOutput(
                name: String(decoding: member.name, as: UTF8.self),
                value: value,
                isSensitive: member.value["sensitive"]?.isWord("true") == true
            )
        } ?? []
    }
}
