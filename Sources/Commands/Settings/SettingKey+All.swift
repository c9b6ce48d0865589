// SPDX-License-Identifier: Apache-2.0

import Operations

extension SettingKey {
    /// Every setting, in the order in which the default file and the documentation show them.
    static let all: [SettingKey] = [
        Setting.dataDirectory.key,
        Setting.databaseURL.key, Setting.listenURL.key, Setting.poolSize.key,
        Setting.workerName.key, Setting.concurrency.key, Setting.workerTags.key, Setting.workerOrganizations.key,
        Setting.reservedSlots.key,
        Setting.leaseDuration.key, Setting.heartbeatInterval.key, Setting.drainDeadline.key,
        Setting.buildTimeout.key, Setting.importTimeout.key, Setting.outputTimeout.key, Setting.interruptGrace.key,
        Setting.maxStateSize.key,
        Setting.workDirectory.key, Setting.templateEnvironment.key,
        Setting.isolation.key, Setting.templatePaths.key, Setting.templateUser.key,
        Setting.templateProcesses.key, Setting.templateOpenFiles.key, Setting.templateFileSize.key,
        Setting.reconciliationInterval.key, Setting.backoffInterval.key, Setting.backoffLookback.key,
        Setting.hardLimit.key, Setting.maxPendingJobs.key, Setting.pendingTimeout.key, Setting.retention.key,
        Setting.terraformBinary.key, Setting.terraformPlugins.key, Setting.replacementPolicy.key,
        Setting.httpAddress.key, Setting.publicURL.key, Setting.requestRate.key, Setting.tokensPerUser.key,
        Setting.webhookURL.key, Setting.webhookSecret.key, Setting.allowNetworks.key, Setting.allowPlainHTTP.key,
        Setting.webhookAuthorities.key, Setting.webhookProxy.key,
        Setting.encryptionKey.key,
        Setting.logLevel.key, Setting.logFormat.key,
        Setting.server.key, Setting.token.key,
    ]

    static func named(_ name: String) -> SettingKey? {
        all.first { $0.name == name }
    }

    /// What to say of a name that is no setting.
    static func unknown(_ name: String) -> String {
        let remedy = all.map(\.name).nearest(to: name).map { "did you mean '\($0)'?" }
        return "there is no setting '\(name)'; " + (remedy ?? "'stoker config print' shows all of them")
    }

    /// The table of the documentation, in Markdown; a test compares it.
    static var documentation: String {
        let rows = all.map { key in
            let value = key.defaultNote ?? (key.shownDefault == "none" ? "none" : "`\(key.shownDefault)`")
            return "| `\(key.name)` | \(value) | \(key.help) Expected: \(key.expectation). |"
        }
        return (["| key | default | what it does |", "|---|---|---|"] + rows).joined(separator: "\n") + "\n"
    }
}
