// SPDX-License-Identifier: Apache-2.0

/// A change that a pass makes to one pool.
package enum PresetAction: Hashable, Sendable {
    /// Delete these, oldest first, each only while its latest build is the one given.
    case delete(DeleteReason, [PrebuildSnapshot])
    /// Start so many new prebuilds.
    case create(Int)
    /// Take these orders out of the queue, oldest first: nothing of them exists, and nobody wants them any more.
    case cancel([PendingOrder])
}

/// Why a running prebuild is deleted.
package enum DeleteReason: String, Hashable, Sendable, Codable {
    /// Older than the preset's time to live, or than its last invalidation.
    case expired
    /// Above the desired count.
    case extraneous
    /// Its preset is not of the active version, or its template is deleted or deprecated.
    case inactive
    /// A deletion of it was begun and canceled; it is neither of use nor gone.
    case deletionCanceled = "deletion_canceled"
}
