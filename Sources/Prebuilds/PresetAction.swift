// SPDX-License-Identifier: Apache-2.0

/// A change that a pass makes to one pool.
package enum PresetAction: Hashable, Sendable {
    /// Delete these, oldest first, each only while its latest build is the one given.
    case delete(DeleteReason, [PrebuildSnapshot])
    /// Start so many new prebuilds.
    case create(Int)
}

/// Why a running prebuild is deleted.
package enum DeleteReason: String, Hashable, Sendable, Codable {
    /// Older than the preset's time to live, or than its last invalidation.
    case expired
    /// Above the desired count.
    case extraneous
    /// Its preset is not of the active version, or its template is deleted or deprecated.
    case inactive
}

extension PresetAction: Encodable {
    private enum CodingKeys: String, CodingKey {
        case type, reason, count
        case workspaceIDs = "workspace_ids"
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .delete(let reason, let prebuilds):
            try container.encode("delete", forKey: .type)
            try container.encode(reason, forKey: .reason)
            try container.encode(prebuilds.map(\.workspaceID), forKey: .workspaceIDs)
        case .create(let count):
            try container.encode("create", forKey: .type)
            try container.encode(count, forKey: .count)
        }
    }
}
