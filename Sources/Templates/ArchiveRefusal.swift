// SPDX-License-Identifier: Apache-2.0

/// Why an archive is refused, and because of which entry.
package struct ArchiveRefusal: Error, Hashable, Sendable {
    /// Which rule of archives is broken.
    package enum Reason: Hashable, Sendable {
        /// Not a tar archive, or a damaged header.
        case malformed
        /// It is compressed; ``TarArchive`` takes plain tar.
        case compressed(ArchiveCompression)
        /// It ends in the middle of an entry, or without the mark that ends an archive.
        case truncated
        /// An absolute path, one with `..`, or one with bytes that no path should have.
        case unsafePath
        /// A link whose target may be outside of the archive's tree.
        case unsafeLink
        /// A device, a named pipe, a sparse file: anything that is not a file, a directory or a link.
        case unsupportedKind
        /// Two entries for one path, or one below a file or a link.
        case conflictingPaths
        /// Over one of the ``ArchiveLimits``.
        case tooLarge
    }

    package let reason: Reason
    /// The entry's path as it stands in the archive; `nil` when the archive as a whole is refused.
    package let entry: String?
    /// What is wrong and what to do, in a sentence.
    package let message: String

    package init(_ reason: Reason, entry: String? = nil, _ message: String) {
        self.reason = reason
        self.entry = entry
        self.message = message
    }
}

extension ArchiveRefusal: CustomStringConvertible {
    package var description: String {
        guard let entry else { return "archive refused: \(message)" }
        // Control characters in a name must not reach a terminal or split a log line.
        return "archive refused: \(entry.debugDescription): \(message)"
    }
}
