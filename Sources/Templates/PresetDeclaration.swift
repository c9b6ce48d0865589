// SPDX-License-Identifier: Apache-2.0

import Basics
import Prebuilds
import Time

/// An entry of `presets` in `stoker.yaml`, before its values are checked against the parameters.
struct PresetDeclaration {
    var preset: TemplatePreset
    let node: YAMLNode
    let field: String
    var values: [(key: YAMLKey, value: YAMLNode)] = []
}

extension ManifestReader {
    private static let instances = 0...100_000
    private static let weights = 1...100

    mutating func presets(
        _ node: YAMLNode?,
        _ field: String,
        timeZoneExists: (String) -> Bool
    ) -> [PresetDeclaration] {
        var declarations: [PresetDeclaration] = []
        var fieldByName: [String: String] = [:]
        var defaultName: String?
        for (index, element) in elements(node, field, most: TemplateLimits.presets).enumerated() {
            let path = "\(field)[\(index)]"
            let fields = fields(of: element, path, as: ManifestPresetKey.self)
            let name = presetName(fields)
            if let earlier = fieldByName[name], let node = fields[.name] {
                report("\(node.kind) is also the name of \(earlier)", at: node, fields.path(.name))
            }
            fieldByName[name] = fieldByName[name] ?? path
            let isDefault = flag(fields[.isDefault], fields.path(.isDefault)) ?? false
            if isDefault, let defaultName, let node = fields[.isDefault] {
                report(
                    "preset '\(Excerpt.of(defaultName))' is the default already; there can be one",
                    at: node,
                    fields.path(.isDefault)
                )
            }
            if isDefault, defaultName == nil { defaultName = name }
            let preset = TemplatePreset(
                name: name,
                description: text(fields[.description], fields.path(.description)) ?? "",
                icon: text(fields[.icon], fields.path(.icon)) ?? "",
                isDefault: isDefault,
                prebuilds: prebuilds(fields[.prebuilds], fields.path(.prebuilds), timeZoneExists)
            )
            var declaration = PresetDeclaration(preset: preset, node: element, field: path)
            declaration.values = entries(fields[.parameters], fields.path(.parameters))
            declarations.append(declaration)
        }
        return declarations
    }

    private mutating func presetName(_ fields: ManifestFields<ManifestPresetKey>) -> String {
        guard let node = fields[.name] else {
            if case .mapping = fields.node.content {
                report("a preset needs a name", at: fields.node, fields.path(.name))
            }
            return ""
        }
        let name = text(node, fields.path(.name)) ?? ""
        let isShort = 1...64 ~= name.unicodeScalars.count
        if !isShort || name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
            report("expected a name of 1 to 64 characters on one line", at: node, fields.path(.name))
        }
        return name
    }

    private mutating func prebuilds(
        _ node: YAMLNode?,
        _ field: String,
        _ timeZoneExists: (String) -> Bool
    ) -> PrebuildSettings? {
        guard let node else { return nil }
        let fields = fields(of: node, field, as: ManifestPrebuildsKey.self)
        require(fields, .instances, "how many prebuilds to keep")
        var settings = PrebuildSettings(
            instances: wholeNumber(fields[.instances], fields.path(.instances), in: Self.instances) ?? 0,
            weight: wholeNumber(fields[.weight], fields.path(.weight), in: Self.weights) ?? 1
        )
        if let percent = percent(fields[.maxUnavailable], fields.path(.maxUnavailable)) {
            settings.maxUnavailable = percent
        }
        settings.autoscale = autoscale(fields[.autoscale], fields.path(.autoscale))
        if let policy = fields[.expirationPolicy] {
            let expiration = self.fields(of: policy, fields.path(.expirationPolicy), as: ManifestExpirationKey.self)
            require(expiration, .ttl, "an age such as 24h")
            settings.ttlSeconds = seconds(expiration[.ttl], expiration.path(.ttl)) ?? 0
        }
        if let scheduling = fields[.scheduling] {
            schedule(scheduling, fields.path(.scheduling), of: &settings, timeZoneExists)
        }
        return settings
    }

    private mutating func schedule(
        _ node: YAMLNode,
        _ field: String,
        of settings: inout PrebuildSettings,
        _ timeZoneExists: (String) -> Bool
    ) {
        let fields = fields(of: node, field, as: ManifestSchedulingKey.self)
        require(fields, .timezone, "an IANA name such as UTC or Europe/Berlin")
        require(fields, .schedule, "a list of {cron, instances}")
        settings.timezone = text(fields[.timezone], fields.path(.timezone)) ?? ""
        let isKnown = TimeZoneRules.named(settings.timezone, in: [:]) != nil || timeZoneExists(settings.timezone)
        if let node = fields[.timezone], !isKnown {
            report(
                "expected the IANA name of a time zone, found '\(Excerpt.of(settings.timezone))'",
                at: node,
                fields.path(.timezone),
                remedy: "use a name such as UTC or Europe/Berlin"
            )
        }
        var expressions: [YAMLNode] = []
        for (index, element) in elements(fields[.schedule], fields.path(.schedule), most: TemplateLimits.scheduleRows)
            .enumerated()
        {
            let window = self.fields(of: element, "\(fields.path(.schedule))[\(index)]", as: ManifestWindowKey.self)
            require(window, .cron, #"five fields such as "* 8-18 * * 1-5""#)
            require(window, .instances, "how many prebuilds to keep")
            guard let cron = text(window[.cron], window.path(.cron)), let node = window[.cron] else { continue }
            let count = wholeNumber(window[.instances], window.path(.instances), in: Self.instances) ?? 0
            settings.schedule.append(PrebuildSettings.Window(cron: cron, instances: count))
            expressions.append(node)
        }
        report(problemsOf: settings, at: expressions, fields.path(.schedule))
    }

    /// Reports bad expressions with the character in the file, windows that never open, and windows that overlap.
    private mutating func report(problemsOf settings: PrebuildSettings, at expressions: [YAMLNode], _ field: String) {
        let rows = settings.schedule.map { ScheduleRow(cronExpression: $0.cron, desiredInstances: $0.instances) }
        for problem in PoolSchedule.problems(of: rows) {
            guard let row = problem.row else { continue }
            let node = expressions[row]
            var column = node.column
            if let position = problem.position, case .scalar(_, let isQuoted) = node.content {
                column += position - 1 + (isQuoted ? 1 : 0)
            }
            report(
                TemplateError(
                    file: node.file ?? file,
                    line: node.line,
                    column: node.file == nil ? column : nil,
                    field: "\(field)[\(row)].cron",
                    problem.message
                )
            )
        }
    }

    private mutating func require<Key>(_ fields: ManifestFields<Key>, _ key: Key, _ expectation: String) {
        guard fields[key] == nil, case .mapping = fields.node.content else { return }
        report("expected \(expectation)", at: fields.node, fields.path(key), remedy: "add '\(key.rawValue)'")
    }
}
