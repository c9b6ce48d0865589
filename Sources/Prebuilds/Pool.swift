// SPDX-License-Identifier: Apache-2.0

package import Domain

/// The pool of a row, a plan or a metric: a preset with its version, template and organization.
package struct Pool: Hashable, Sendable {
    package let presetID: PresetID
    package let presetName: String
    /// The one version the preset belongs to; a new version has new presets.
    package let templateVersionID: TemplateVersionID
    package let templateName: String
    package let organizationID: OrganizationID
    package let organizationName: String

    package init(
        presetID: PresetID,
        presetName: String,
        templateVersionID: TemplateVersionID,
        templateName: String,
        organizationID: OrganizationID,
        organizationName: String
    ) {
        self.presetID = presetID
        self.presetName = presetName
        self.templateVersionID = templateVersionID
        self.templateName = templateName
        self.organizationID = organizationID
        self.organizationName = organizationName
    }
}
