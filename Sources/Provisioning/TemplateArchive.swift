// SPDX-License-Identifier: Apache-2.0

/// A template version's files as stored: a tar archive, plain or compressed with gzip.
package struct TemplateArchive: Sendable {
    /// The archive's SHA-256 in lower-case hexadecimal: the key of the cache, and the check of the content.
    package let hash: String

    /// Fetches the archive. Called only when the cache has no unpacked copy.
    package let load: @Sendable () async throws -> [UInt8]

    package init(hash: String, load: @escaping @Sendable () async throws -> [UInt8]) {
        self.hash = hash
        self.load = load
    }
}
