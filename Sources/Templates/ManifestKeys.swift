// SPDX-License-Identifier: Apache-2.0

// Every key of `stoker.yaml`. `TemplateSchema` describes the same keys; a test compares the two.

enum ManifestRootKey: String, ManifestKey {
    case name
    case displayName = "display_name"
    case description, icon, provisioner, executable, tags, parameters, agents, presets
}

enum ManifestParameterKey: String, ManifestKey {
    case description, type
    case defaultValue = "default"
    case required, mutable, sensitive, options, validation
    case displayOrder = "display_order"
}

enum ManifestValidationKey: String, ManifestKey {
    case regex, min, max, error
}

enum ManifestPresetKey: String, ManifestKey {
    case name, description, icon
    case isDefault = "default"
    case parameters, prebuilds
}

enum ManifestPrebuildsKey: String, ManifestKey {
    case instances, weight, autoscale
    case expirationPolicy = "expiration_policy"
    case maxUnavailable = "max_unavailable"
    case scheduling
}

enum ManifestAutoscaleKey: String, ManifestKey {
    case mode, goal, min, max
}

enum ManifestExpirationKey: String, ManifestKey {
    case ttl
}

enum ManifestSchedulingKey: String, ManifestKey {
    case timezone, schedule
}

enum ManifestWindowKey: String, ManifestKey {
    case cron, instances
}
