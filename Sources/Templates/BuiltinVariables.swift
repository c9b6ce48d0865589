// SPDX-License-Identifier: Apache-2.0

/// The variables that Stoker gives every build, such as `TF_VAR_stoker_workspace_owner` for the Terraform variable
/// `stoker_workspace_owner`. They are not parameters of a template.
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

    /// Whether only Stoker gives the variable's value.
    package static func contains(_ name: String) -> Bool {
        name.hasPrefix(prefix)
    }

    /// Whether Stoker gives it a value: the name has the prefix and is one of those above.
    static func isGiven(_ name: String) -> Bool {
        names.contains(name) || name.hasPrefix(agentTokenPrefix)
    }
}
