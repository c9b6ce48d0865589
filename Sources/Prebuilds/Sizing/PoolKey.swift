// SPDX-License-Identifier: Apache-2.0

package import Domain

/// A pool over all versions of its template: a preset's name.
package struct PoolKey: Hashable, Sendable {
    package let templateID: TemplateID
    package let presetName: String

    package init(templateID: TemplateID, presetName: String) {
        self.templateID = templateID
        self.presetName = presetName
    }
}
