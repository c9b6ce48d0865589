// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import FoundationEssentials
import Testing

@testable import Templates

@Suite struct TemplateSchemaTests {
    /// As much of JSON Schema as the template's uses to name keys.
    private final class Node: Decodable {
        let properties: [String: Node]?
        let items: Node?
        let required: [String]?
        let additionalProperties: Closed?
        let definitions: [String: Node]?

        enum CodingKeys: String, CodingKey {
            case properties, items, required, additionalProperties
            case definitions = "$defs"
        }
    }

    /// `additionalProperties` is `false`, or a schema.
    private struct Closed: Decodable {
        let isClosed: Bool

        init(from decoder: any Decoder) throws {
            isClosed = (try? decoder.singleValueContainer().decode(Bool.self)) == false
        }
    }

    private func schema() throws -> Node {
        try JSONDecoder().decode(Node.self, from: Data(TemplateSchema.json.utf8))
    }

    @Test func `the schema names exactly the keys that the reader knows`() throws {
        let root = try schema()
        let definitions = try #require(root.definitions)
        let prebuilds = definitions["prebuilds"]
        let scheduling = prebuilds?.properties?["scheduling"]
        let objects: [(schema: Node?, keys: [String])] = [
            (root, ManifestRootKey.names),
            (definitions["lifetime"], ManifestLifetimeKey.names),
            (definitions["parameter"], ManifestParameterKey.names),
            (definitions["validation"], ManifestValidationKey.names),
            (definitions["preset"], ManifestPresetKey.names),
            (prebuilds, ManifestPrebuildsKey.names),
            (prebuilds?.properties?["expiration_policy"], ManifestExpirationKey.names),
            (prebuilds?.properties?["rollout"], ManifestRolloutKey.names),
            (prebuilds?.properties?["autoscale"], ManifestAutoscaleKey.names),
            (scheduling, ManifestSchedulingKey.names),
            (scheduling?.properties?["schedule"]?.items, ManifestWindowKey.names),
        ]
        for (schema, keys) in objects {
            let schema = try #require(schema, "\(keys)")
            #expect(schema.properties?.keys.sorted() == keys.sorted())
            #expect(schema.additionalProperties?.isClosed == true, "\(keys)")
        }
    }

    @Test func `what the schema requires, the reader misses`() throws {
        #expect(try schema().required == ["name"])
        #expect(throws: TemplateErrors.self) {
            try TemplateManifest(yaml: "provisioner: echo", timeZoneExists: isTestZone)
        }
    }

    @Test func `the reader's choices are the schema's`() throws {
        #expect(TemplateSchema.json.contains(#""enum": ["terraform", "process", "echo"]"#))
        #expect(ProvisionerType.allCases.map(\.rawValue) == ["terraform", "process", "echo"])
        #expect(TemplateSchema.json.contains(#""enum": ["string", "number", "bool", "list(string)"]"#))
        #expect(ParameterDeclaration.types == ["string", "number", "bool", "list(string)"])
    }
}

extension TemplateSchemaTests {
    /// A key of the schema with its place: the templates that its example makes.
    private struct Described: CustomTestStringConvertible {
        let path: String
        let schema: JSON
        /// Puts a value of the key into a template.
        let template: (JSON) -> JSON

        var testDescription: String { path }
    }

    /// All keys, found by walking through the schema.
    private static func described() throws -> [Described] {
        let root = try JSON(parsing: TemplateSchema.json)
        func resolved(_ node: JSON) -> JSON {
            guard let name = node["$ref"]?.string?.split(separator: "/").last else { return node }
            let base = root["$defs"]?[String(name)]?.members ?? [:]
            return .object(base.merging(node.members ?? [:]) { $1 })
        }
        func keys(_ node: JSON, _ path: String, _ needed: [String: JSON], _ wrap: @escaping (JSON) -> JSON)
            -> [Described]
        {
            (node["properties"]?.members ?? [:]).sorted { $0.key < $1.key }.flatMap { name, child -> [Described] in
                let child = resolved(child)
                let place = path.isEmpty ? name : "\(path).\(name)"
                func put(_ value: JSON) -> JSON { wrap(.object(needed.merging([name: value]) { $1 })) }
                let below =
                    switch place {
                    case "parameters":
                        keys(resolved(child["additionalProperties"]?["anyOf"]?.element(0) ?? .null), place, [:]) {
                            put(["image": $0])
                        }
                    case "presets": keys(resolved(child["items"] ?? .null), place, ["name": "a"]) { put([$0]) }
                    case "lifetime": keys(child, place, ["dormant_after": "1d"], put)
                    case "presets.prebuilds": keys(child, place, ["instances": 1], put)
                    case "presets.prebuilds.autoscale": keys(child, place, ["mode": "apply"], put)
                    case "presets.prebuilds.scheduling": keys(child, place, ["timezone": "UTC", "schedule": []], put)
                    case "presets.prebuilds.scheduling.schedule":
                        keys(resolved(child["items"] ?? .null), place, ["cron": "* 8-9 * * *", "instances": 1]) {
                            put([$0])
                        }
                    default: child["properties"] == nil ? [] : keys(child, place, [:], put)
                    }
                return [Described(path: place, schema: child, template: put)] + below
            }
        }
        return keys(root, "", ["name": "t", "provisioner": "process"]) { $0 }
    }

    @Test func `every key says what it is, and its example is read`() throws {
        let all = try Self.described()
        let keys: [[String]] = [
            ManifestRootKey.names, ManifestParameterKey.names, ManifestValidationKey.names, ManifestPresetKey.names,
            ManifestPrebuildsKey.names, ManifestAutoscaleKey.names, ManifestRolloutKey.names,
            ManifestExpirationKey.names,
            ManifestSchedulingKey.names, ManifestWindowKey.names, ManifestLifetimeKey.names,
        ]
        #expect(all.count == keys.joined().count)
        for key in all {
            #expect(key.schema["description"]?.string?.hasSuffix(".") == true, "\(key.path)")
            let example = try #require(key.schema["examples"]?.element(0), "\(key.path) has no example")
            var yaml = key.template(example).json
            // Bounds are for numbers; the values of a preset are for declared parameters.
            if key.path.hasSuffix(".min") || key.path.hasSuffix(".max") {
                yaml = yaml.replacing(#""image":{"#, with: #""image":{"type":"number","#)
            }
            if key.path == "presets.parameters" {
                yaml = yaml.replacing(#""name":"t""#, with: #""name":"t","parameters":{"image":{"default":"x"}}"#)
            }
            if key.path == "parameters.type" { #expect(example == "number") }
            #expect(throws: Never.self, "\(key.path): \(yaml)") {
                try TemplateManifest(yaml: yaml, timeZoneExists: isTestZone)
            }
        }
    }
}

extension JSON {
    fileprivate func element(_ index: Int) -> JSON? {
        if case .array(let elements) = self, elements.indices.contains(index) { elements[index] } else { nil }
    }
}
