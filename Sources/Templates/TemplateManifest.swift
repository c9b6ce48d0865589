// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Prebuilds

/// A template as its `stoker.yaml` and its module describe it, checked as a whole.
package struct TemplateManifest: Hashable, Sendable {
    package var name: String
    package var displayName: String
    package var description: String
    package var icon: String
    package var provisioner: ProvisionerType
    /// The file of the archive that a `process` template runs; `nil` for other provisioners.
    package var executable: String?
    /// The tags that workers must have; empty: the usual ones.
    package var tags: [String: String]
    package var parameters: [TemplateParameter]
    /// The agents that must report ready before a prebuild is eligible.
    package var agents: [String]
    package var presets: [TemplatePreset]
    /// Warnings, such as for a template whose presets keep no pool.
    package var warnings: [TemplateWarning]
    /// What the module says in Coder's blocks; `nil` when it has none.
    package var coder: CoderTemplate?

    package init(
        name: String,
        displayName: String = "",
        description: String = "",
        icon: String = "",
        provisioner: ProvisionerType = .terraform,
        executable: String? = nil,
        tags: [String: String] = [:],
        parameters: [TemplateParameter] = [],
        agents: [String] = [],
        presets: [TemplatePreset] = [],
        warnings: [TemplateWarning] = []
    ) {
        self.name = name
        self.displayName = displayName
        self.description = description
        self.icon = icon
        self.provisioner = provisioner
        self.executable = executable
        self.tags = tags
        self.parameters = parameters
        self.agents = agents
        self.presets = presets
        self.warnings = warnings
    }
}

/// A named set of parameter values, and its pool.
package struct TemplatePreset: Hashable, Sendable {
    package var name: String
    package var description: String
    package var icon: String
    package var isDefault: Bool
    /// Values in the form of ``TemplateParameter/defaultValue``.
    package var parameters: [String: String]
    /// `nil`: no pool.
    package var prebuilds: PrebuildSettings?

    package init(
        name: String,
        description: String = "",
        icon: String = "",
        isDefault: Bool = false,
        parameters: [String: String] = [:],
        prebuilds: PrebuildSettings? = nil
    ) {
        self.name = name
        self.description = description
        self.icon = icon
        self.isDefault = isDefault
        self.parameters = parameters
        self.prebuilds = prebuilds
    }
}

/// The size of a preset's pool, its schedule and its time to live.
package struct PrebuildSettings: Hashable, Sendable {
    /// How many instances the pool has while a cron expression matches.
    package struct Window: Hashable, Sendable {
        /// Five fields, read as a window (`Prebuilds.CronExpression`).
        package let cron: String
        package let instances: Int

        package init(cron: String, instances: Int) {
            self.cron = cron
            self.instances = instances
        }
    }

    /// The count outside of all windows.
    package var instances: Int
    /// Age in seconds at which a prebuild is replaced; 0: never.
    package var ttlSeconds: Int
    /// Its share of the workers beside other pools: a pool of weight 2 is filled twice as fast as one of weight 1.
    package var weight: Int
    /// How many hundredths of the pool may be missing because they are replaced; at least one prebuild.
    package var maxUnavailable: Int
    /// An IANA name; empty without a schedule.
    package var timezone: String
    package var schedule: [Window]
    /// Whether the pool sizes itself.
    package var autoscale: AutoscaleSettings

    package init(
        instances: Int,
        ttlSeconds: Int = 0,
        weight: Int = 1,
        maxUnavailable: Int = 20,
        timezone: String = "",
        schedule: [Window] = [],
        autoscale: AutoscaleSettings = AutoscaleSettings(mode: .off)
    ) {
        self.instances = instances
        self.ttlSeconds = ttlSeconds
        self.weight = weight
        self.maxUnavailable = maxUnavailable
        self.timezone = timezone
        self.schedule = schedule
        self.autoscale = autoscale
    }

    /// The largest pool.
    var mostInstances: Int {
        schedule.map(\.instances).reduce(autoscale.mode == .apply ? max(instances, autoscale.max) : instances, max)
    }
}
