// SPDX-License-Identifier: Apache-2.0

import Basics
import Templates

/// Coder's blocks in `terraform show -json PLAN`: the values of its data sources, which were read for the plan, and the
/// agents that would be built.
enum CoderPlan {
    /// - Parameter static: What the text of the module says; it knows the places, and all that a plan does not.
    static func template(in plan: [UInt8], after text: CoderTemplate) -> CoderTemplate {
        let plan = RawJSON(plan)
        var template = CoderTemplate()
        template.place = text.place
        template.variables = text.variables
        var agents: Set<String> = []
        // What could not be read before the apply is among the planned values, as far as it is known.
        for key in ["prior_state", "planned_values"] {
            let values = key == "prior_state" ? plan[key]?["values"] : plan[key]
            for resource in resources(in: values?["root_module"]) {
                let place = text.place(of: resource) ?? CoderPlace(file: resource.address, line: 1)
                switch (resource.mode, resource.type) {
                case ("data", "coder_parameter"):
                    guard let parameter = CoderParameter(resource.values, place) else {
                        template.hasOpenParameters = true
                        continue
                    }
                    if !template.parameters.contains(where: { $0.name == parameter.name }) {
                        template.parameters.append(parameter)
                    }
                case ("data", "coder_workspace_preset"):
                    guard let preset = CoderPreset(resource.values, place) else { continue }
                    if !template.presets.contains(where: { $0.name == preset.name }) { template.presets.append(preset) }
                case ("data", "coder_workspace_tags"):
                    for (name, value) in resource.values["tags"]?.members ?? [:] {
                        if let text = value.text { template.tags[name] = text }
                    }
                case ("managed", "coder_agent"):
                    guard agents.insert(resource.name).inserted else { continue }
                    var agent = CoderAgent(name: resource.name, place: place)
                    agent.os = resource.values["os"]?.string ?? ""
                    agent.auth = resource.values["auth"]?.string ?? "token"
                    template.agents.append(agent)
                default: break
                }
            }
        }
        template.takeOrder(of: text)
        return template
    }

    /// A resource of a plan, or data.
    struct Resource {
        let address: String
        let mode: String
        let type: String
        let name: String
        let values: JSON
    }

    /// Those of Coder, also in the modules below.
    private static func resources(in module: RawJSON?, depth: Int = 0) -> [Resource] {
        guard let module, depth < 100 else { return [] }
        let own = (module["resources"]?.elements ?? []).compactMap { raw -> Resource? in
            guard let type = raw["type"]?.string, type.hasPrefix("coder_"), let values = raw["values"],
                let read = try? JSON(parsing: String(decoding: values.bytes, as: UTF8.self))
            else { return nil }
            return Resource(
                address: raw["address"]?.string ?? type,
                mode: raw["mode"]?.string ?? "",
                type: type,
                name: raw["name"]?.string ?? "",
                values: read
            )
        }
        return own + (module["child_modules"]?.elements ?? []).flatMap { resources(in: $0, depth: depth + 1) }
    }
}

extension CoderTemplate {
    /// Where the text declares the block.
    fileprivate func place(of resource: CoderPlan.Resource) -> CoderPlace? {
        let name = resource.values["name"]?.string
        return switch resource.type {
        case "coder_parameter": parameters.first { $0.name == name }?.place
        case "coder_workspace_preset": presets.first { $0.name == name }?.place
        case "coder_agent": agents.first { $0.name == resource.name }?.place
        default: nil
        }
    }

    /// Agents and presets in the order of the text; a plan sorts them.
    fileprivate mutating func takeOrder(of text: CoderTemplate) {
        let presetOrder = Dictionary(text.presets.enumerated().map { ($1.name, $0) }) { first, _ in first }
        let agentOrder = Dictionary(text.agents.enumerated().map { ($1.name, $0) }) { first, _ in first }
        presets = presets.enumerated().sorted {
            (presetOrder[$0.element.name] ?? .max, $0.offset) < (presetOrder[$1.element.name] ?? .max, $1.offset)
        }.map(\.element)
        agents = agents.enumerated().sorted {
            (agentOrder[$0.element.name] ?? .max, $0.offset) < (agentOrder[$1.element.name] ?? .max, $1.offset)
        }.map(\.element)
    }
}

extension CoderParameter {
    /// `nil` when even its name is known only after an apply.
    fileprivate init?(_ values: JSON, _ place: CoderPlace) {
        guard let name = values["name"]?.string else { return nil }
        self.init(name: name, place: place)
        displayName = values["display_name"]?.string ?? ""
        description = values["description"]?.string ?? ""
        icon = values["icon"]?.string ?? ""
        type = values["type"]?.string ?? "string"
        formType = values["form_type"]?.string ?? ""
        mutable = values["mutable"] == true
        ephemeral = values["ephemeral"] == true
        order = values["order"]?.integer ?? 0
        if let text = values["styling"]?.string, let styling = try? JSON(parsing: text) {
            isMasked = styling["mask_input"] == true
        }
        take(default: values)
        for option in values["option"]?.elements ?? [] {
            guard let value = option["value"]?.string else {
                hasOpenOptions = true
                continue
            }
            options.append(
                ParameterOption(
                    name: option["name"]?.string ?? value,
                    value: value,
                    description: option["description"]?.string ?? "",
                    icon: option["icon"]?.string ?? ""
                )
            )
        }
        if let rule = values["validation"]?.elements.first { take(rule) }
    }

    private mutating func take(default values: JSON) {
        // The provider says whether there is one, because it cannot tell none from an empty text.
        switch (values["optional"], values["default"]) {
        case (.bool(false)?, _): required = true
        case (_, .string(let text)?): defaultValue = canonical(text)
        case (.bool(true)?, .null?): defaultValue = ""
        // Known after the apply.
        case (_, nil): break
        default: required = true
        }
    }

    private mutating func take(_ rule: JSON) {
        if rule["min_disabled"] != true { rules.minimum = rule["min"]?.text.flatMap(Double.init) }
        if rule["max_disabled"] != true { rules.maximum = rule["max"]?.text.flatMap(Double.init) }
        rules.regex = rule["regex"]?.nonempty
        rules.monotonic = rule["monotonic"]?.nonempty
        rules.error = rule["error"]?.string ?? ""
    }
}

extension CoderPreset {
    fileprivate init?(_ values: JSON, _ place: CoderPlace) {
        guard let name = values["name"]?.string else { return nil }
        self.init(name: name, place: place)
        description = values["description"]?.string ?? ""
        icon = values["icon"]?.string ?? ""
        isDefault = values["default"] == true
        for (name, value) in values["parameters"]?.members ?? [:] {
            if let text = value.text { parameters[name] = text }
        }
        guard let block = values["prebuilds"]?.elements.first else { return }
        guard let instances = block["instances"]?.text else {
            hasOpenPrebuilds = true
            return
        }
        var prebuilds = CoderPrebuilds(instances: instances, place: place)
        prebuilds.ttl = block["expiration_policy"]?.elements.first?["ttl"]?.text
        if let scheduling = block["scheduling"]?.elements.first, let timezone = scheduling["timezone"]?.string {
            prebuilds.timezone = timezone
            prebuilds.schedule = (scheduling["schedule"]?.elements ?? []).compactMap { row in
                guard let cron = row["cron"]?.string, let instances = row["instances"]?.text else { return nil }
                return .init(cron: CoderCron.text(cron), instances: instances, place: place)
            }
        }
        self.prebuilds = prebuilds
    }
}

extension JSON {
    fileprivate var elements: [JSON] {
        guard case .array(let elements) = self else { return [] }
        return elements
    }

    /// A text that is not empty: the provider writes an empty one for none.
    fileprivate var nonempty: String? { string.flatMap { $0.isEmpty ? nil : $0 } }
}
