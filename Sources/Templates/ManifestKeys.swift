// SPDX-License-Identifier: Apache-2.0

// Every key of `stoker.yaml`. `TemplateSchema` describes the same keys; a test compares the two.

enum ManifestRootKey: String, ManifestKey {
    case name
    case displayName = "display_name"
    case description, icon, provisioner, executable, rehearse, tags, parameters, agents, lifetime, presets
}

enum ManifestLifetimeKey: String, ManifestKey {
    case standard = "default"
    case max
    case warnBefore = "warn_before"
    case dormantAfter = "dormant_after"
    case deleteAfter = "delete_after"
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
    case rollout, scheduling
}

enum ManifestRolloutKey: String, ManifestKey {
    case strategy, floor, canary
    case progressDeadline = "progress_deadline"
    case onFailure = "on_failure"
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
