// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain

extension ManifestReader {
    /// Reads `lifetime`.
    mutating func lifetime(_ node: YAMLNode?, _ field: String) -> Lifetime {
        guard let node else { return Lifetime() }
        let fields = fields(of: node, field, as: ManifestLifetimeKey.self)
        let lifetime = Lifetime(
            defaultSeconds: duration(fields, .standard),
            maxSeconds: duration(fields, .max),
            warnSeconds: seconds(fields[.warnBefore], fields.path(.warnBefore)),
            dormantSeconds: duration(fields, .dormantAfter),
            deleteSeconds: duration(fields, .deleteAfter)
        )
        if let usual = lifetime.defaultSeconds, let most = lifetime.maxSeconds, usual > most,
            let node = fields[.standard]
        {
            report("the default is longer than the maximum", at: node, fields.path(.standard))
        }
        if let warning = lifetime.warnSeconds, warning > Lifetime.longestWarning, let node = fields[.warnBefore] {
            report("expected at most 30d", at: node, fields.path(.warnBefore))
        }
        if lifetime.deleteSeconds != nil, lifetime.dormantSeconds == nil, let node = fields[.deleteAfter] {
            report(
                "only dormant workspaces are deleted, and none becomes dormant",
                at: node,
                fields.path(.deleteAfter),
                remedy: "add 'dormant_after'"
            )
        }
        return lifetime
    }

    private mutating func duration(
        _ fields: ManifestFields<ManifestLifetimeKey>,
        _ key: ManifestLifetimeKey
    ) -> Int? {
        guard let seconds = seconds(fields[key], fields.path(key)), let node = fields[key] else { return nil }
        guard seconds > 0 else {
            report("expected more than 0", at: node, fields.path(key), remedy: "leave it out if there is no such rule")
            return nil
        }
        return seconds
    }
}
