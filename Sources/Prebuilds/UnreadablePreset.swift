// SPDX-License-Identifier: Apache-2.0

package import Domain

/// A preset that a plan leaves out because its rows cannot be read, for example one that a newer release has written.
package struct UnreadablePreset: Hashable, Sendable, Codable {
    /// Empty where the name cannot be read either.
    package let templateName: String
    package let presetName: String
    package let presetID: PresetID?
    /// Which column cannot be read, and why.
    package let message: String

    package init(templateName: String, presetName: String, presetID: PresetID?, message: String) {
        self.templateName = templateName
        self.presetName = presetName
        self.presetID = presetID
        self.message = message
    }

    private enum CodingKeys: String, CodingKey {
        case message
        case templateName = "template_name"
        case presetName = "preset_name"
        case presetID = "preset_id"
    }
}
