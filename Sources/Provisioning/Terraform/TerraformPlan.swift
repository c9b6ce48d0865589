// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials

/// The replacements of a plan: the part of `terraform show -json PLAN` that Stoker uses ("Plan Representation").
struct TerraformPlan: Decodable {
    private struct ResourceChange: Decodable {
        struct Change: Decodable {
            let actions: [String]
            /// Absent for a tainted resource and for one that `-replace` names.
            let replacePaths: [[Step]]?

            enum CodingKeys: String, CodingKey {
                case actions
                case replacePaths = "replace_paths"
            }
        }

        let address: String
        let change: Change
        let actionReason: String?

        enum CodingKeys: String, CodingKey {
            case address, change
            case actionReason = "action_reason"
        }
    }

    /// A step of a path: an attribute or key, or an index.
    private struct Step: Decodable {
        let text: String

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let name = try? container.decode(String.self) {
                text = name
            } else {
                text = String(try container.decode(Int.self))
            }
        }
    }

    private let resourceChanges: [ResourceChange]?

    private enum CodingKeys: String, CodingKey {
        case resourceChanges = "resource_changes"
    }

    /// Every resource whose actions hold a delete and a create, in either order.
    var replacements: [Replacement] {
        (resourceChanges ?? []).compactMap { resource in
            let actions = Set(resource.change.actions)
            guard actions.isSuperset(of: ["delete", "create"]) else { return nil }
            let paths = (resource.change.replacePaths ?? []).map { $0.map(\.text).joined(separator: ".") }
            return Replacement(address: resource.address, paths: paths, reason: resource.actionReason ?? "")
        }
    }
}

/// The existing resources: the part of `terraform show -json` that Stoker uses ("State Representation").
struct TerraformState: Decodable {
    private struct Values: Decodable {
        let rootModule: Module?

        enum CodingKeys: String, CodingKey {
            case rootModule = "root_module"
        }
    }

    private struct Module: Decodable {
        let resources: [Resource]?
        let childModules: [Module]?

        enum CodingKeys: String, CodingKey {
            case resources
            case childModules = "child_modules"
        }

        var all: [Resource] {
            (resources ?? []) + (childModules ?? []).flatMap(\.all)
        }
    }

    private struct Resource: Decodable {
        let address: String
        let mode: String
        let type: String
        let name: String
    }

    private let values: Values?

    /// Managed resources, also of child modules; data sources are not part of the workspace.
    var resources: [BuiltResource] {
        (values?.rootModule?.all ?? []).filter { $0.mode == "managed" }
            .map { BuiltResource(type: $0.type, name: $0.name, address: $0.address) }
    }
}
