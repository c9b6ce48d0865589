// SPDX-License-Identifier: Apache-2.0

import Basics
import Templates

/// What Terraform marks as sensitive in a state of version 4: outputs, and attributes of resources.
enum TerraformSecrets {
    /// Bytes of one state that are searched for marked attributes.
    private static let searched = 64 << 20

    /// Texts and numbers; empty when it is no such state.
    static func texts(in state: [UInt8]) -> [String] {
        let state = RawJSON(state)
        let outputs = state["outputs"]?.members.filter { $0.value["sensitive"]?.isWord("true") == true } ?? []
        var values = outputs.compactMap { $0.value["value"] }
        var budget = searched
        for resource in state["resources"]?.elements ?? [] {
            for instance in resource["instances"]?.elements ?? [] {
                let paths = instance["sensitive_attributes"]?.elements ?? []
                guard !paths.isEmpty, let attributes = instance["attributes"] else { continue }
                // Each path is a search of its own. When there are too many, everything counts as secret.
                let (cost, isBeyond) = paths.count.multipliedReportingOverflow(by: attributes.bytes.count)
                guard !isBeyond, cost <= budget else {
                    values.append(attributes)
                    continue
                }
                budget -= cost
                values += paths.compactMap { value(at: $0.elements[...], in: attributes) }
            }
        }
        // In brackets, so that each is parsed as JSON, and not taken for text that looks like it.
        return values.flatMap { ValueLeaves.texts(of: "[\(String(decoding: $0.bytes, as: UTF8.self))]").dropFirst() }
    }

    private static func value(at path: ArraySlice<RawJSON>, in value: RawJSON) -> RawJSON? {
        // A dynamically typed attribute is written with its type beside it.
        if value.members.map({ Array($0.name) }) == [Array("value".utf8), Array("type".utf8)],
            let inner = value["value"]
        {
            return self.value(at: path, in: inner)
        }
        guard let step = path.first else { return value }
        guard var key = step["value"] else { return nil }
        key = key["value"] ?? key
        let next: RawJSON?
        if key.bytes.first == UInt8(ascii: "\"") {
            next = value[String(decoding: key.bytes.dropFirst().dropLast(), as: UTF8.self)]
        } else {
            let elements = value.elements
            next = Int(String(decoding: key.bytes, as: UTF8.self)).flatMap {
                elements.indices.contains($0) ? elements[$0] : nil
            }
        }
        return next.flatMap { self.value(at: path.dropFirst(), in: $0) }
    }
}
