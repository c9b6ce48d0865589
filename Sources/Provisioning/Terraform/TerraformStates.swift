// SPDX-License-Identifier: Apache-2.0

import Basics

/// Merges two diverged states of one workspace: executions that ran one after the other began from the same older
/// state, and the first handed in its own only when the second had begun.
///
/// Neither serial nor lineage says which of the two is right: each names what its execution has created, so both are.
/// What only the late one names is added. When both name different objects at one address, the later execution's object
/// stays with the workspace, and the other is returned as the rest, to be destroyed separately.
enum TerraformStates {
    /// - Parameter late: A whole state; when it is not of version 4, all of it is the rest.
    /// - Returns: The merged state, and a state with the rest, if there is any.
    static func takingOver(_ late: [UInt8], into state: [UInt8]?) -> (state: [UInt8]?, rest: [UInt8]?) {
        guard let state else { return (late, nil) }
        guard let target = Document(state), let source = Document(late) else { return (state, late) }
        var joined = target.resources
        // States have any number of resources, so nothing here compares all pairs.
        var places = Dictionary(joined.enumerated().map { ($1.address, $0) }) { first, _ in first }
        var rest: [Resource] = []
        for resource in source.resources where resource.isManaged {
            guard let index = places[resource.address] else {
                places[resource.address] = joined.count
                joined.append(resource)
                continue
            }
            let known = joined[index].instances
            let objects = Set(known.map(\.object))
            let current = Set(known.lazy.filter { !$0.isDeposed }.map(\.key))
            let unknown = resource.instances.filter { !objects.contains($0.object) }
            let collides = { (late: Instance) in late.isDeposed || current.contains(late.key) }
            joined[index].instances += unknown.filter { !collides($0) }
            let left = unknown.filter(collides)
            if !left.isEmpty { rest.append(resource.with(left)) }
        }
        let leftover = rest.isEmpty ? nil : source.with(rest, serial: next(source.serial))
        guard joined != target.resources else { return (state, leftover) }
        return (target.with(joined, serial: next(max(target.serial, source.serial))), leftover)
    }

    /// A state says its serial itself: there may be none behind it.
    private static func next(_ serial: Int) -> Int {
        serial < .max ? serial + 1 : serial
    }
}

/// A state file of version 4, as far as it is parsed.
private struct Document {
    let members: [RawJSON.Member]
    let serial: Int
    let resources: [Resource]

    init?(_ bytes: [UInt8]) {
        guard let header = StateHeader(bytes), header.version == 4 else { return nil }
        let state = RawJSON(bytes)
        members = state.members
        serial = header.serial
        let elements = state["resources"]?.elements ?? []
        // Each is compared with each.
        guard elements.count <= ChildBounds.resources else { return nil }
        resources = elements.map(Resource.init)
    }

    func with(_ resources: [Resource], serial: Int) -> [UInt8] {
        let changed = [
            RawJSON.Member("serial", RawJSON(Array("\(serial)".utf8))),
            RawJSON.Member("resources", RawJSON(resources.map(\.json))),
        ]
        let state = RawJSON(members.filter { member in !changed.contains { $0.name == member.name } } + changed)
        return Array(state.bytes)
    }
}

private struct Resource: Equatable {
    let members: [RawJSON.Member]
    var instances: [Instance]

    init(_ json: RawJSON) {
        members = json.members.filter { !$0.name.elementsEqual("instances".utf8) }
        instances = (json["instances"]?.elements ?? []).map(Instance.init)
    }

    var json: RawJSON {
        RawJSON(members + [RawJSON.Member("instances", RawJSON(instances.map(\.json)))])
    }

    /// Data sources are never destroyed.
    var isManaged: Bool { value("mode")?.isWord(#""managed""#) == true }

    var address: [RawJSON?] { ["module", "type", "name", "mode"].map(value) }

    func with(_ instances: [Instance]) -> Resource {
        var copy = self
        copy.instances = instances
        return copy
    }

    private func value(_ name: String) -> RawJSON? {
        members.last { $0.name.elementsEqual(name.utf8) }?.value
    }
}

/// An object of a resource: the current one of its key, or one that was deposed.
private struct Instance: Equatable {
    let json: RawJSON
    let key: RawJSON?
    let isDeposed: Bool
    /// The provider's own id where it has one, else everything known of the object.
    private let identity: RawJSON

    init(_ json: RawJSON) {
        self.json = json
        key = json["index_key"]
        isDeposed = json["deposed"] != nil
        let attributes = json["attributes"] ?? json
        identity = attributes["id"] ?? attributes
    }

    /// Equal for two instances that are one object.
    var object: [RawJSON?] { [key, identity] }
}
