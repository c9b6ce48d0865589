// SPDX-License-Identifier: Apache-2.0

package import Domain

extension Replacement {
    /// Bytes of all its texts.
    var bytes: Int { paths.reduce(address.utf8.count + reason.utf8.count) { $0 + $1.utf8.count } }
}

extension BuildOutcome {
    /// The outcome, if it is within ``ChildBounds``, for every provisioner.
    ///
    /// - Throws: ``ProvisioningFailure`` of code `.invalid`, with the state, because that names what exists
    ///   nevertheless.
    package func checked() throws(ProvisioningFailure) -> BuildOutcome {
        do throws(BoundExceeded) {
            try check()
            return self
        } catch {
            throw ProvisioningFailure(error, state: state)
        }
    }

    private func check() throws(BoundExceeded) {
        if resources.count > ChildBounds.resources { throw BoundExceeded(moreThan: ChildBounds.resources, "resources") }
        for resource in resources {
            try BoundExceeded.check(resource.type, "The type of a resource", most: ChildBounds.nameBytes)
            try BoundExceeded.check(resource.name, "The name of a resource", most: ChildBounds.nameBytes)
            try BoundExceeded.check(resource.address, "The address of a resource", most: ChildBounds.addressBytes)
        }
        try BoundExceeded.checkCost(resources)
        try BoundExceeded.check(replacements)
        try BoundExceeded.check(outputs)
        for agent in agents { try BoundExceeded.check(agent, "The name of an agent", most: ChildBounds.nameBytes) }
    }
}

extension BoundExceeded {
    /// The bounds of each resource, and of all together.
    static func checkCost(_ resources: [BuiltResource]) throws(BoundExceeded) {
        let range = ChildBounds.dailyCost
        var sum = 0
        for resource in resources {
            sum = range.contains(resource.dailyCost) ? sum + resource.dailyCost : -1
            guard range.contains(sum) else {
                throw BoundExceeded(
                    "The daily cost of a build's resources, each and together, must be from 0 to \(range.upperBound)."
                )
            }
        }
    }

    static func check(_ outputs: [BuildOutput]) throws(BoundExceeded) {
        if outputs.count > ChildBounds.outputs { throw BoundExceeded(moreThan: ChildBounds.outputs, "outputs") }
        var total = 0
        for output in outputs {
            try check(output.name, "The name of an output", most: ChildBounds.nameBytes)
            try check(output.json, "The value of an output", most: ChildBounds.outputBytesEach)
            total += output.json.utf8.count
        }
        try check(total, "bytes", "The outputs of a build together", most: ChildBounds.outputBytesTogether)
    }

    static func check(_ replacements: [Replacement]) throws(BoundExceeded) {
        let bytes = ChildBounds.addressBytes
        if replacements.count > ChildBounds.replacements {
            throw BoundExceeded(moreThan: ChildBounds.replacements, "replacements")
        }
        var total = 0
        for replacement in replacements {
            total += replacement.bytes
            try check(total, "bytes", "What the build replaces", most: ChildBounds.replacementBytes)
            try check(replacement.address, "The address of a replacement", most: bytes)
            try check(replacement.reason, "The reason of a replacement", most: bytes)
            try check(replacement.paths.count, "paths", "A replacement", most: ChildBounds.paths)
            for path in replacement.paths { try check(path, "A path of a replacement", most: bytes) }
        }
    }
}
