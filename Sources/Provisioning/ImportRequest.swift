// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Templates

/// The input of an import: a template version to be read and checked.
package struct ImportRequest: Sendable {
    package var jobID: JobID
    package var claimEpoch: Int64
    package var organization: String
    package var templateName: String
    package var versionName: String
    package var archive: TemplateArchive

    package init(
        jobID: JobID,
        claimEpoch: Int64,
        organization: String,
        templateName: String,
        versionName: String,
        archive: TemplateArchive
    ) {
        self.jobID = jobID
        self.claimEpoch = claimEpoch
        self.organization = organization
        self.templateName = templateName
        self.versionName = versionName
        self.archive = archive
    }
}

/// The result of an import.
package struct ImportOutcome: Sendable, Hashable {
    /// `stoker.yaml`, with its parameters completed from the module's variables.
    package var manifest: TemplateManifest

    package init(manifest: TemplateManifest) {
        self.manifest = manifest
    }
}
