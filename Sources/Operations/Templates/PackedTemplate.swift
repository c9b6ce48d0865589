// SPDX-License-Identifier: Apache-2.0

import Basics
import Crypto
import Domain
package import Store
package import Templates

/// A checked and packed template, ready to be pushed.
package struct PackedTemplate: Sendable {
    package let manifest: TemplateManifest
    package let contents: TemplateContents
    package let archive: [UInt8]
    /// SHA-256 of the archive, in hexadecimal.
    package let hash: String

    /// Throws ``TemplateErrors`` with all errors, or ``ArchiveRefusal``.
    ///
    /// - Parameter name: The name of a template of Coder whose `stoker.yaml` gives none.
    package init(_ contents: TemplateContents, name: String? = nil, zones: ZoneDirectory = ZoneDirectory()) throws {
        self.contents = contents
        manifest = try TemplateManifest(entries: contents.entries, name: name, requiresPresets: true) {
            zones.rules(named: $0) != nil
        }
        archive = try TarArchive.pack(contents.entries)
        hash = SHA256.hash(data: archive).hexadecimal
    }

    /// - Parameters:
    ///   - versionName: `nil`: the beginning of the archive's hash, so that equal templates have equal names.
    ///   - tags: Tags beside those of `stoker.yaml`, and instead of those of the same name.
    ///   - organization: The organization's name or id; `nil`: the default one.
    ///   - notes: Lines for the import's log.
    package func push(
        versionName: String? = nil,
        message: String = "",
        activates: Bool = true,
        tags: [String: String] = [:],
        organization: String? = nil,
        notes: [String] = []
    ) -> TemplatePush {
        let tags = manifest.tags.merging(tags) { _, given in given }
        return TemplatePush(
            templateName: manifest.name,
            provisioner: manifest.provisioner,
            versionName: versionName ?? String(hash.prefix(10)),
            message: message,
            archive: archive,
            hash: hash,
            activates: activates,
            tags: tags.isEmpty ? nil : Tags(tags),
            organization: organization,
            notes: notes + contents.notes
        )
    }
}
