// SPDX-License-Identifier: Apache-2.0

import Templates

/// What Terraform marks as sensitive in a state of version 4: outputs, and attributes of resources.
enum TerraformSecrets {
    /// Bytes of one state that are searched for marked attributes.
    private static let searched = 64 << 20

    /// Texts and numbers; empty when it is no such state.
    static func texts(in state: [UInt8]) -> [String] {
        let outputs = RawJSON.members(of: RawJSON.value(of: "outputs", in: state) ?? []).filter { output in
            RawJSON.value(of: "sensitive", in: output.value)?.elementsEqual("true".utf8) == true
        }
        var values = outputs.compactMap { RawJSON.value(of: "value", in: $0.value) }
        var budget = searched
        for resource in RawJSON.elements(of: RawJSON.value(of: "resources", in: state) ?? []) {
            for instance in RawJSON.elements(of: RawJSON.value(of: "instances", in: resource) ?? []) {
                let paths = RawJSON.elements(of: RawJSON.value(of: "sensitive_attributes", in: instance) ?? [])
                guard !paths.isEmpty, let attributes = RawJSON.value(of: "attributes", in: instance) else { continue }
                // Each path is a search of its own. When there are too many, everything counts as secret.
                let (cost, isBeyond) = paths.count.multipliedReportingOverflow(by: attributes.count)
                guard !isBeyond, cost <= budget else {
                    values.append(attributes)
                    continue
                }
                budget -= cost
                values += paths.compactMap { value(at: RawJSON.elements(of: $0)[...], in: attributes) }
            }
        }
        // In brackets, so that each is parsed as JSON, and not taken for text that looks like it.
        return values.flatMap { ValueLeaves.texts(of: "[\(String(decoding: $0, as: UTF8.self))]").dropFirst() }
    }

    private static func value(at path: ArraySlice<[UInt8]>, in value: [UInt8]) -> [UInt8]? {
        // A dynamically typed attribute is written with its type beside it.
        if RawJSON.members(of: value).map(\.name) == [Array("value".utf8), Array("type".utf8)],
            let inner = RawJSON.value(of: "value", in: value)
        {
            return self.value(at: path, in: inner)
        }
        guard let step = path.first else { return value }
        guard var key = RawJSON.value(of: "value", in: step) else { return nil }
        if key.first == UInt8(ascii: "{") { key = RawJSON.value(of: "value", in: key) ?? key }
        let next: [UInt8]?
        if key.first == UInt8(ascii: "\"") {
            next = RawJSON.value(of: String(decoding: key.dropFirst().dropLast(), as: UTF8.self), in: value)
        } else {
            let elements = RawJSON.elements(of: value)
            next = Int(String(decoding: key, as: UTF8.self)).flatMap {
                elements.indices.contains($0) ? elements[$0] : nil
            }
        }
        return next.flatMap { self.value(at: path.dropFirst(), in: $0) }
    }
}
