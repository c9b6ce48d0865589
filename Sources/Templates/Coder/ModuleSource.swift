// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain

/// The blocks of one module that are read without Terraform.
struct ModuleSource {
    /// `data`, `resource`, `module` and `terraform` blocks, in the order of files and lines.
    private(set) var blocks: [ModuleBlock] = []
    private(set) var locals: [String: ModuleValue] = [:]
    let variables: [TerraformVariable]

    /// - Parameters:
    ///   - files: All files of the template.
    ///   - directory: The module's directory with a slash behind it; empty: the template's own.
    init(files: [SourceFile], directory: String = "") {
        let own = files.compactMap { file -> SourceFile? in
            guard file.name.utf8.starts(with: directory.utf8) else { return nil }
            return SourceFile(
                name: String(decoding: file.name.utf8.dropFirst(directory.utf8.count), as: UTF8.self),
                text: file.text
            )
        }
        // Errors are reported where the variables are read.
        variables = (try? TerraformVariables.variables(in: own)) ?? []
        let module = own.filter {
            TerraformVariables.isModuleFile($0.name) && $0.text.utf8.count <= TemplateLimits.moduleFile
        }
        let sorted = module.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        for file in sorted where !TerraformVariables.isOverride(file.name) { read(file, directory, isOverride: false) }
        for file in sorted where TerraformVariables.isOverride(file.name) { read(file, directory, isOverride: true) }
    }

    private mutating func read(_ file: SourceFile, _ directory: String, isOverride: Bool) {
        let name = directory + file.name
        let found: [ModuleBlock]
        if file.name.hasSuffix(".json") {
            guard let root = try? JSONNode.read(file.text) else { return }
            found = root.oneOrMany.flatMap { Self.blocks(json: $0, name) }
            for members in root.oneOrMany.flatMap({ $0.members ?? [] }) where members.name == "locals" {
                for (local, value) in members.value.oneOrMany.flatMap({ $0.members ?? [] }) {
                    locals[local] = .json(value)
                }
            }
        } else {
            guard let body = try? HCLParser.body(of: file.text) else { return }
            found = Self.blocks(native: body, name)
            for block in body.blocks where block.type == "locals" {
                for (local, attribute) in block.body.attributes { locals[local] = .native(attribute.expression) }
            }
        }
        for block in found {
            let index = isOverride ? blocks.firstIndex { $0.type == block.type && $0.labels == block.labels } : nil
            if let index { blocks[index].bodies += block.bodies } else { blocks.append(block) }
        }
    }

    private static let kinds = ["data": 2, "resource": 2, "module": 1, "terraform": 0]

    /// Where the module asks for the provider `coder/coder`; `nil`: nowhere.
    func place(ofProviderIn scope: any StaticScope) -> CoderPlace? {
        for block in blocks where block.type == "terraform" {
            for providers in block.blocks("required_providers") {
                for (name, line) in providers.names {
                    let source = providers.attribute(name)?.value.value(in: scope).step(.string("source")).text
                    if source == "coder/coder" || source?.hasSuffix("/coder/coder") == true {
                        return CoderPlace(file: providers.file, line: line)
                    }
                }
            }
        }
        return nil
    }

    private static func blocks(native body: HCLBody, _ file: String) -> [ModuleBlock] {
        body.blocks.compactMap { block in
            let labels = block.labels.compactMap(\.self)
            guard kinds[block.type] == labels.count, labels.count == block.labels.count else { return nil }
            return ModuleBlock(
                type: block.type,
                labels: labels,
                file: file,
                line: block.start.line,
                bodies: [ModuleBody(file: file, content: .native(block.body))]
            )
        }
    }

    private static func blocks(json root: JSONNode, _ file: String) -> [ModuleBlock] {
        (root.members ?? []).flatMap { kind, node in
            kinds[kind].map { blocks(json: node, [kind], labels: $0, file) } ?? []
        }
    }

    /// One level of labels after the other.
    private static func blocks(json node: JSONNode, _ path: [String], labels: Int, _ file: String) -> [ModuleBlock] {
        node.oneOrMany.flatMap { node -> [ModuleBlock] in
            guard labels > 0 else {
                guard node.members != nil else { return [] }
                return [
                    ModuleBlock(
                        type: path[0],
                        labels: Array(path.dropFirst()),
                        file: file,
                        line: node.line,
                        bodies: [ModuleBody(file: file, content: .json(node))]
                    )
                ]
            }
            return (node.members ?? []).filter { $0.name != "//" }.flatMap {
                blocks(json: $0.value, path + [$0.name], labels: labels - 1, file)
            }
        }
    }
}

/// Resolves the references of one module: locals, variables, and attributes of Coder's parameters and presets.
final class ModuleScope: StaticScope {
    let source: ModuleSource
    private let arguments: [String: StaticValue]
    private var known: [String: StaticValue] = [:]
    /// The locals that are being evaluated; one that refers to itself stays open.
    private var pending: Set<String> = []

    /// - Parameter arguments: What the block that calls the module gives it.
    init(_ source: ModuleSource, arguments: [String: StaticValue] = [:]) {
        self.source = source
        self.arguments = arguments
    }

    func value(of root: String, _ steps: [StaticValue], depth: Int) -> StaticValue {
        guard let name = steps.first?.text else { return .open }
        let rest = steps.dropFirst()
        switch root {
        case "local": return rest.reduce(local(name, depth)) { $0.step($1) }
        case "var": return rest.reduce(variable(name)) { $0.step($1) }
        case "data":
            guard let label = rest.first?.text else { return .open }
            return data(name, label, Array(rest.dropFirst()), depth)
        default: return .open
        }
    }

    private func local(_ name: String, _ depth: Int) -> StaticValue {
        if let value = known[name] { return value }
        guard let expression = source.locals[name], pending.insert(name).inserted else { return .open }
        let value = expression.value(in: self, depth: depth)
        pending.remove(name)
        known[name] = value
        return value
    }

    private func variable(_ name: String) -> StaticValue {
        if let argument = arguments[name] { return argument }
        guard let variable = source.variables.first(where: { $0.name == name }), let text = variable.defaultValue else {
            return .open
        }
        switch variable.type.map(ParameterType.init) ?? .text {
        case .text, .unknown: return .string(text)
        case .number: return .number(text)
        case .bool: return .bool(text == "true")
        default: return JSON(literal: text).map(StaticValue.init) ?? .open
        }
    }

    private func data(_ type: String, _ label: String, _ steps: [StaticValue], _ depth: Int) -> StaticValue {
        // Icons are paths of the server, and it is not known before a build.
        if type == "coder_workspace", steps.count == 1, steps[0].text == "access_url" { return .string("") }
        guard type == "coder_parameter" || type == "coder_workspace_preset",
            let block = source.blocks.first(where: { $0.type == "data" && $0.labels == [type, label] }),
            block.attribute("for_each") == nil
        else { return .open }
        var steps = steps
        if block.attribute("count") != nil {
            guard steps.first?.integer != nil else { return .open }
            steps.removeFirst()
        }
        guard let name = steps.first?.text else { return .open }
        let rest = steps.dropFirst()
        let place = "data.\(type).\(label).\(name)"
        if known[place] == nil {
            guard pending.insert(place).inserted else { return .open }
            known[place] = attribute(name, of: block, depth)
            pending.remove(place)
        }
        return rest.reduce(known[place] ?? .open) { $0.step($1) }
    }

    private func attribute(_ name: String, of block: ModuleBlock, _ depth: Int) -> StaticValue {
        guard name == "option", block.dynamicLine("option") == nil else {
            return block.attribute(name)?.value.value(in: self, depth: depth) ?? .open
        }
        let options = block.blocks("option").map { option in
            StaticValue.object(
                option.names.map { attribute, _ in
                    .init(
                        name: attribute,
                        value: option.attribute(attribute)?.value.value(in: self, depth: depth) ?? .open
                    )
                }
            )
        }
        return .list(options)
    }
}
