// SPDX-License-Identifier: Apache-2.0

/// One change of a pass to one pool.
package enum PresetAction: Hashable, Sendable {
    /// Delete these, oldest first, each only while its latest build is the one given.
    case delete(DeleteReason, [PrebuildSnapshot])
    /// Start that many new prebuilds.
    case create(Int)
    /// Cancel these orders, oldest first: nobody needs them any more. Those that a worker has begun are deleted afterwards.
    case cancel([PendingOrder])
}

/// Why a prebuild is deleted.
package enum DeleteReason: String, Hashable, Sendable, Codable {
    /// Older than the preset's time to live, or than its last invalidation.
    case expired
    /// Above the desired count.
    case extraneous
    /// One of the version that is rolled out has taken its place.
    case replaced
    /// Its preset is not of the active version, or its template is deleted or deprecated.
    case inactive
    /// Its build failed, and it is kept as evidence no longer.
    case failed
    /// Its deletion was begun and canceled; it can neither be used nor is it gone.
    case deletionCanceled = "deletion_canceled"
}
