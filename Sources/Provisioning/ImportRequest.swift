// SPDX-License-Identifier: Apache-2.0

package import Domain

/// The input of an import: a template version to be read and checked.
package struct ImportRequest: Sendable {
    package var job: HeldJob
    package var organization: String
    package var templateName: String
    package var versionName: String
    package var archive: TemplateArchive

    package init(
        job: HeldJob,
        organization: String,
        templateName: String,
        versionName: String,
        archive: TemplateArchive
    ) {
        self.job = job
        self.organization = organization
        self.templateName = templateName
        self.versionName = versionName
        self.archive = archive
    }
}
