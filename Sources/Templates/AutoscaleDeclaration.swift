// SPDX-License-Identifier: Apache-2.0

import Prebuilds

extension ManifestReader {
    /// `prebuilds.autoscale`
    mutating func autoscale(_ node: YAMLNode?, _ field: String) -> AutoscaleSettings {
        guard let node else { return AutoscaleSettings(mode: .off) }
        let fields = fields(of: node, field, as: ManifestAutoscaleKey.self)
        if fields[.mode] == nil, case .mapping = node.content {
            let modes = AutoscaleSettings.Mode.allCases.map(\.rawValue).joined(separator: ", ")
            report("expected one of \(modes)", at: node, fields.path(.mode), remedy: "add 'mode'")
        }
        var settings = AutoscaleSettings(
            mode: choice(fields[.mode], fields.path(.mode), of: AutoscaleSettings.Mode.self) ?? .off
        )
        if let goal = number(fields[.goal], fields.path(.goal)), let node = fields[.goal] {
            let (least, most) = (AutoscaleSettings.goals.lowerBound, AutoscaleSettings.goals.upperBound)
            if AutoscaleSettings.goals.contains(goal) {
                settings.goal = goal
            } else {
                report(
                    "expected a share of hits from \(least) to \(most), found \(node.kind)",
                    at: node,
                    fields.path(.goal)
                )
            }
        }
        let least = wholeNumber(fields[.min], fields.path(.min), in: AutoscaleSettings.sizes)
        let most = wholeNumber(fields[.max], fields.path(.max), in: AutoscaleSettings.sizes)
        settings.min = least ?? min(AutoscaleSettings.defaultMin, most ?? .max)
        settings.max = most ?? max(AutoscaleSettings.defaultMax, settings.min)
        if let least, let most, let node = fields[.max], most < least {
            report("expected at least \(least), the minimum, found \(node.kind)", at: node, fields.path(.max))
        }
        return settings
    }
}
