// SPDX-License-Identifier: Apache-2.0

import Basics

/// What an event must be about to be delivered to an endpoint. Each part that is given must fit; an event that is about nothing
/// of the kind, such as one about a worker, does not.
package struct EventFilter: Hashable, Sendable {
    /// Names of templates, in any case; empty: all.
    package var templates: [String]
    /// Names of presets; empty: all.
    package var presets: [String]
    /// Names of organizations; empty: all.
    package var organizations: [String]
    /// Labels that the event's workspace must have.
    package var labels: [String: String]

    package init(
        templates: [String] = [],
        presets: [String] = [],
        organizations: [String] = [],
        labels: [String: String] = [:]
    ) {
        self.templates = templates
        self.presets = presets
        self.organizations = organizations
        self.labels = labels
    }

    func admits(_ event: Event) -> Bool {
        Self.admits(event.labels["template"], templates) && Self.admits(event.labels["preset"], presets)
            && Self.admits(event.labels["org"], organizations)
            && labels.allSatisfy { event.data["workspace_labels"]?[$0.key]?.string == $0.value }
    }

    private static func admits(_ name: String?, _ names: [String]) -> Bool {
        names.isEmpty || names.contains { $0.lowercased() == name?.lowercased() }
    }
}
