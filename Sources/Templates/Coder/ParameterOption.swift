// SPDX-License-Identifier: Apache-2.0

import Basics

/// A value that may be chosen, with what is shown for it.
package struct ParameterOption: Hashable, Sendable {
    package var name: String
    package var value: String
    package var description: String
    package var icon: String

    package init(name: String, value: String, description: String = "", icon: String = "") {
        self.name = name
        self.value = value
        self.description = description
        self.icon = icon
    }

    /// As the column `option_labels` holds it.
    var json: JSON {
        .object([
            .init("name", .string(name)), .init("value", .string(value)), .init("description", .string(description)),
            .init("icon", .string(icon)),
        ])
    }
}
