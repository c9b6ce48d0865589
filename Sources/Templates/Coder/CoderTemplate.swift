// SPDX-License-Identifier: Apache-2.0

/// What a template says in Coder's blocks (the Terraform provider `coder/coder`).
///
/// It comes from the text of the module, where only literals and references to them are known, or from a plan, where
/// all of it is.
package struct CoderTemplate: Hashable, Sendable {
    package var parameters: [CoderParameter] = []
    package var presets: [CoderPreset] = []
    /// Of `coder_workspace_tags`.
    package var tags: [String: String] = [:]
    package var agents: [CoderAgent] = []
    /// The names of the module's variables, for which a preset may have values too.
    package var variables: [String] = []
    /// Whether there may be more parameters, such as those of a module from a registry.
    package var hasOpenParameters = false
    package var hasOpenPresets = false
    /// Where the first of its blocks is.
    package var place = CoderPlace(file: "main.tf", line: 1)
    /// What stays open, and what has no effect here.
    package var notes: [TemplateWarning] = []

    package init() {}
}

/// A file and a line.
package struct CoderPlace: Hashable, Sendable {
    package var file: String
    package var line: Int

    package init(file: String, line: Int) {
        self.file = file
        self.line = line
    }
}

/// `data "coder_parameter"`.
package struct CoderParameter: Hashable, Sendable {
    package var name: String
    package var displayName = ""
    package var description = ""
    package var icon = ""
    /// `string`, `number`, `bool` or `list(string)`.
    package var type = "string"
    package var formType = ""
    package var mutable = false
    package var ephemeral = false
    /// Whether its field hides what is typed (`styling.mask_input`).
    package var isMasked = false
    /// `nil`: none, or open.
    package var defaultValue: String?
    /// Whether a build needs a value for it.
    package var required = false
    package var order = 0
    package var options: [ParameterOption] = []
    /// Whether there may be other options.
    package var hasOpenOptions = false
    package var rules = ParameterRules()
    package var place: CoderPlace

    package init(name: String, place: CoderPlace) {
        self.name = name
        self.place = place
    }
}

/// `data "coder_workspace_preset"`.
package struct CoderPreset: Hashable, Sendable {
    package var name: String
    package var description = ""
    package var icon = ""
    package var isDefault = false
    package var parameters: [String: String] = [:]
    /// Whether there may be other values.
    package var hasOpenParameters = false
    package var prebuilds: CoderPrebuilds?
    /// Whether there are, or may be, prebuilds that the text does not show.
    package var hasOpenPrebuilds = false
    package var place: CoderPlace

    package init(name: String, place: CoderPlace) {
        self.name = name
        self.place = place
    }
}

/// The block `prebuilds` of a preset.
package struct CoderPrebuilds: Hashable, Sendable {
    /// A window in which the pool has another size.
    package struct Schedule: Hashable, Sendable {
        package var cron: String
        package var instances: String
        package var place: CoderPlace

        package init(cron: String, instances: String, place: CoderPlace) {
            self.cron = cron
            self.instances = instances
            self.place = place
        }
    }

    /// The texts of numbers, which are checked together with those of `stoker.yaml`.
    package var instances: String
    package var ttl: String?
    package var timezone: String?
    package var schedule: [Schedule] = []
    package var place: CoderPlace

    package init(instances: String, place: CoderPlace) {
        self.instances = instances
        self.place = place
    }
}

/// `resource "coder_agent"`.
package struct CoderAgent: Hashable, Sendable {
    package var name: String
    /// `linux`, `darwin` or `windows`; empty: open.
    package var os = ""
    /// `token`, or an identity of a cloud.
    package var auth = "token"
    package var place: CoderPlace

    package init(name: String, place: CoderPlace) {
        self.name = name
        self.place = place
    }

    /// Whether the init script runs there and gets a token, so that a prebuild can wait for it.
    package var reports: Bool { os != "windows" && auth == "token" }
}
