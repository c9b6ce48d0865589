// SPDX-License-Identifier: Apache-2.0

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
            (definitions["parameter"], ManifestParameterKey.names),
            (definitions["validation"], ManifestValidationKey.names),
            (definitions["preset"], ManifestPresetKey.names),
            (prebuilds, ManifestPrebuildsKey.names),
            (prebuilds?.properties?["expiration_policy"], ManifestExpirationKey.names),
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
