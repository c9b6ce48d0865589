// SPDX-License-Identifier: Apache-2.0

/// The variables that Stoker gives every build: `TF_VAR_stoker_workspace_owner` for the Terraform variable
/// `stoker_workspace_owner`, and so on. They are no parameters of a template.
package enum BuiltinVariables {
    package static let prefix = "stoker_"

    /// An agent's token is given as `stoker_agent_token_` and the agent's name, dashes written as `_`.
    package static let agentTokenPrefix = "stoker_agent_token_"

    package static let names = [
        "stoker_workspace_id", "stoker_workspace_name", "stoker_workspace_owner", "stoker_workspace_owner_id",
        "stoker_workspace_owner_email", "stoker_workspace_organization", "stoker_workspace_transition",
        "stoker_prebuild", "stoker_claim", "stoker_template_name", "stoker_template_version", "stoker_preset_name",
        "stoker_build_id", "stoker_build_number", "stoker_claim_epoch", "stoker_url",
    ]

    /// Whether a variable's value is Stoker's to give.
    package static func contains(_ name: String) -> Bool {
        name.hasPrefix(prefix)
    }

    /// Whether Stoker does give a value: the name begins rightly and is one of those above.
    static func isGiven(_ name: String) -> Bool {
        names.contains(name) || name.hasPrefix(agentTokenPrefix)
    }
}
