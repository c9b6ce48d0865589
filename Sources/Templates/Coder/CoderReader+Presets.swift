// SPDX-License-Identifier: Apache-2.0

import Basics

extension CoderReader {
    private static let prebuildsKeys = ["instances", "expiration_policy", "scheduling"]

    mutating func read(preset fields: CoderFields) {
        let instances = fields.instances
        guard instances != .none else { return }
        guard instances == .one, let name = text(fields, "name") else {
            openPresets()
            if instances == .open {
                let name = fields.block.attribute("for_each") == nil ? "count" : "for_each"
                noteOpen(fields.place(name), fields.field(name), "\(name) makes the presets")
            }
            return
        }
        var preset = CoderPreset(name: name, place: fields.place)
        preset.description = text(fields, "description") ?? ""
        preset.icon = text(fields, "icon") ?? ""
        preset.isDefault = flag(fields, "default") ?? false
        readParameters(of: &preset, fields)
        preset.prebuilds = prebuilds(of: fields)
        preset.hasOpenPrebuilds =
            preset.prebuilds == nil
            && (fields.block.dynamicLine("prebuilds") != nil || !fields.block.blocks("prebuilds").isEmpty)
        add(preset)
    }

    private mutating func readParameters(of preset: inout CoderPreset, _ fields: CoderFields) {
        guard let value = fields.value("parameters") else { return }
        let (place, field) = (fields.place("parameters"), fields.field("parameters"))
        guard case .object(let members) = value else {
            if case .null = value { return }
            preset.hasOpenParameters = true
            return noteOpen(place, field)
        }
        for member in members {
            if case .null = member.value, member.name != nil { continue }
            let text = member.value.text ?? member.value.json?.json
            guard let name = member.name, let text else {
                preset.hasOpenParameters = true
                noteOpen(place, "\(field).\(member.name ?? "?")")
                continue
            }
            preset.parameters[name] = text
        }
    }

    private mutating func prebuilds(of fields: CoderFields) -> CoderPrebuilds? {
        checkBlocks(fields, ["prebuilds"], prefix: fields.field(""))
        if let line = fields.block.dynamicLine("prebuilds") {
            noteOpen(
                CoderPlace(file: fields.block.file, line: line),
                fields.field("prebuilds"),
                "a dynamic block makes the prebuilds"
            )
        }
        let blocks = fields.block.blocks("prebuilds")
        if let second = blocks.dropFirst().first { reportSecond("prebuilds", second, fields.field("prebuilds")) }
        guard let block = blocks.first else { return nil }
        let path = fields.field("prebuilds")
        let inner = CoderFields(block: block, scope: fields.scope)
        checkBlocks(inner, ["expiration_policy", "scheduling", "schedule"], prefix: path)
        checkNames(of: block, Self.prebuildsKeys, path)
        guard block.attribute("instances") != nil else {
            report(
                TemplateError(
                    file: block.file,
                    line: block.line,
                    field: "\(path).instances",
                    "expected how many prebuilds to keep",
                    remedy: "add 'instances = 1'"
                )
            )
            return nil
        }
        guard let instances = text(inner, "instances", of: path) else { return nil }
        var prebuilds = CoderPrebuilds(instances: instances, place: inner.place)
        if let policy = block.blocks("expiration_policy").first {
            prebuilds.ttl = text(
                CoderFields(block: policy, scope: fields.scope),
                "ttl",
                of: "\(path).expiration_policy"
            )
        }
        if let scheduling = block.blocks("scheduling").first {
            readSchedule(of: &prebuilds, scheduling, fields.scope, "\(path).scheduling")
        }
        for type in ["expiration_policy", "scheduling"] {
            guard let line = block.dynamicLine(type) else { continue }
            noteOpen(CoderPlace(file: block.file, line: line), "\(path).\(type)", "a dynamic block makes it")
        }
        return prebuilds
    }

    private mutating func readSchedule(
        of prebuilds: inout CoderPrebuilds,
        _ block: ModuleBlock,
        _ scope: any StaticScope,
        _ path: String
    ) {
        let fields = CoderFields(block: block, scope: scope)
        checkBlocks(fields, ["schedule"], prefix: path)
        checkNames(of: block, ["timezone", "schedule"], path)
        var isOpen = block.dynamicLine("schedule") != nil
        if let line = block.dynamicLine("schedule") {
            noteOpen(CoderPlace(file: block.file, line: line), "\(path).schedule", "a dynamic block makes the schedule")
        }
        guard let timezone = text(fields, "timezone", of: path) else {
            guard block.attribute("timezone") == nil else { return }
            return report(
                TemplateError(
                    file: block.file,
                    line: block.line,
                    field: "\(path).timezone",
                    "expected an IANA name such as UTC or Europe/Berlin",
                    remedy: "add 'timezone = \"UTC\"'"
                )
            )
        }
        var rows: [CoderPrebuilds.Schedule] = []
        for (index, row) in block.blocks("schedule").enumerated() {
            let fields = CoderFields(block: row, scope: scope)
            let path = "\(path).schedule[\(index)]"
            guard let cron = text(fields, "cron", of: path), let instances = text(fields, "instances", of: path) else {
                isOpen = true
                continue
            }
            rows.append(.init(cron: CoderCron.text(cron), instances: instances, place: fields.place("cron")))
        }
        // A part of a schedule would keep wrong counts.
        guard !isOpen, !rows.isEmpty else { return }
        prebuilds.timezone = timezone
        prebuilds.schedule = rows
    }

    private mutating func checkNames(of block: ModuleBlock, _ known: [String], _ path: String) {
        for (name, line) in block.names where !known.contains(name) && name != "dynamic" && name != "//" {
            // It was reported as a block that is written with `=`.
            if name == "schedule", block.bodies.contains(where: { $0.assigns(name) != nil }) { continue }
            report(
                TemplateError(
                    file: block.file,
                    line: line,
                    field: "\(path).\(name)",
                    "there is no such argument or block",
                    remedy: name == "schedule"
                        ? "put it into 'scheduling { timezone = \"UTC\" ... }'"
                        : Suggestion.remedy(for: name, among: known)
                )
            )
        }
    }

    private mutating func reportSecond(_ type: String, _ block: ModuleBlock, _ field: String) {
        report(
            TemplateError(
                file: block.file,
                line: block.line,
                field: field,
                "a preset has one block '\(type)'",
                remedy: "merge the two"
            )
        )
    }
}

/// Coder's notation of a schedule.
package enum CoderCron {
    /// In Stoker's notation, which is the same five fields with a minute of `*`, except that it has no `?` for any day.
    package static func text(_ cron: String) -> String {
        let fields = cron.split(whereSeparator: \.isWhitespace)
        guard fields.contains("?") else { return cron }
        return fields.map { $0 == "?" ? "*" : String($0) }.joined(separator: " ")
    }
}
