// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import FoundationEssentials

/// Terraform's own state file, version 4, which Terraform and OpenTofu have used since 0.12: the part that lists
/// resources.
///
/// `terraform show -json` has the same content and is documented, but starts Terraform and every provider once more,
/// only to read this file. Stoker uses it for versions that it does not know.
struct TerraformStateFile: Decodable {
    private struct Resource: Decodable {
        let module: String?
        let mode: String
        let type: String
        let name: String
        let instances: [Instance]
    }

    private struct Instance: Decodable {
        let key: Key?

        enum CodingKeys: String, CodingKey {
            case key = "index_key"
        }
    }

    /// Of `for_each` a string, of `count` a number.
    private enum Key: Decodable {
        case name(String)
        case number(Int)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Int.self) {
                self = .number(number)
            } else {
                self = .name(try container.decode(String.self))
            }
        }

        var text: String {
            switch self {
            case .number(let number): "[\(number)]"
            case .name(let name): "[\(HCLText.quoted(name))]"
            }
        }
    }

    private let resources: [Resource]

    /// `nil` when the file has another version, or is incomplete. Slow for a large one.
    init?(_ bytes: [UInt8]) {
        let scan = JSONScan(bytes, depth: ChildBounds.depth)
        guard scan.isWhole, scan["version"]?.integer == 4,
            let file = try? JSONDecoder().decode(Self.self, from: Data(bytes))
        else { return nil }
        self = file
    }

    /// Managed resources, also of child modules, by address; data sources are not part of the workspace.
    var managed: [BuiltResource] {
        resources.filter { $0.mode == "managed" }.flatMap { resource in
            resource.instances.map { instance in
                let own = "\(resource.type).\(resource.name)\(instance.key?.text ?? "")"
                return BuiltResource(
                    type: resource.type,
                    name: resource.name,
                    address: resource.module.map { "\($0).\(own)" } ?? own
                )
            }
        }
    }
}
