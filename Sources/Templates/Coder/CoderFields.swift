// SPDX-License-Identifier: Apache-2.0

import Basics

/// The fields of one of Coder's blocks.
struct CoderFields {
    let block: ModuleBlock
    let scope: any StaticScope

    enum Instances { case one, none, open }

    var place: CoderPlace { CoderPlace(file: block.file, line: block.line) }

    /// How often `count` and `for_each` make the block.
    var instances: Instances {
        if block.attribute("for_each") != nil { return .open }
        guard let count = block.attribute("count") else { return .one }
        guard let number = count.value.value(in: scope).integer else { return .open }
        return number == 1 ? .one : number == 0 ? .none : .open
    }

    /// Its address in messages, such as `data.coder_parameter.region.default`.
    func field(_ name: String) -> String {
        // An empty name asks for the block's own address.
        ([block.type == "resource" || block.type == "data" ? block.type : ""] + block.labels + [name])
            .filter { !$0.isEmpty }.joined(separator: ".")
    }

    /// `nil`: the block does not set it.
    func value(_ name: String) -> StaticValue? { block.attribute(name)?.value.value(in: scope) }

    func place(_ name: String) -> CoderPlace {
        block.attribute(name).map { CoderPlace(file: $0.file, line: $0.line) } ?? place
    }
}

extension CoderReader {
    /// The field's text; `nil` when it is not set, is `null`, or is open, which is noted.
    mutating func text(_ fields: CoderFields, _ name: String, of prefix: String = "") -> String? {
        guard let value = fields.value(name) else { return nil }
        if case .null = value { return nil }
        if let text = value.text { return text }
        noteOpen(fields.place(name), prefix.isEmpty ? fields.field(name) : "\(prefix).\(name)")
        return nil
    }

    mutating func flag(_ fields: CoderFields, _ name: String) -> Bool? {
        guard let value = fields.value(name) else { return nil }
        if case .null = value { return nil }
        if let flag = value.flag { return flag }
        noteOpen(fields.place(name), fields.field(name))
        return nil
    }

    /// Reports nested blocks that are written with `=`, in the form that Terraform expects.
    mutating func checkBlocks(_ fields: CoderFields, _ types: [String], prefix: String) {
        for body in fields.block.bodies {
            for type in types {
                guard let expression = body.assigns(type) else { continue }
                let line = fields.block.attribute(type)?.line ?? fields.block.line
                report(
                    TemplateError(
                        file: fields.block.file,
                        line: line,
                        field: "\(prefix).\(type)",
                        "'\(type)' is a block, not a value",
                        remedy: "write it without '=':\n" + BlockForm.text(of: type, written: expression)
                    )
                )
            }
        }
    }
}

/// The form of Coder's nested blocks, for messages.
enum BlockForm {
    static func text(of type: String, written: HCLExpression) -> String {
        switch type {
        case "prebuilds":
            let instances = number("instances", in: written) ?? "2"
            return indented(
                """
                prebuilds {
                  instances = \(instances)
                  expiration_policy {
                    ttl = \(number("ttl", in: written) ?? "86400")
                  }
                  scheduling {
                    timezone = "UTC"
                    schedule {
                      cron      = "* 8-18 * * 1-5"
                      instances = 3
                    }
                  }
                }
                """
            )
        case "expiration_policy":
            return indented("expiration_policy {\n  ttl = \(number("ttl", in: written) ?? "86400")\n}")
        case "scheduling":
            return indented(
                "scheduling {\n  timezone = \"UTC\"\n  schedule {\n    cron      = \"* 8-18 * * 1-5\"\n    instances = 3\n  }\n}"
            )
        case "schedule": return indented("schedule {\n  cron      = \"* 8-18 * * 1-5\"\n  instances = 3\n}")
        case "option": return indented("option {\n  name  = \"Europe\"\n  value = \"eu\"\n}")
        default: return indented("\(type) {\n  ...\n}")
        }
    }

    private static func indented(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { "  \($0)" }.joined(separator: "\n")
    }

    /// The number that stands behind the first `name =`.
    private static func number(_ name: String, in expression: HCLExpression) -> String? {
        let tokens = expression.tokens
        for index in tokens.indices.dropLast(2) {
            guard tokens[index].kind == .identifier(name),
                tokens[index + 1].isSymbol("=") || tokens[index + 1].isSymbol(":"),
                case .number(let digits) = tokens[index + 2].kind
            else { continue }
            return digits
        }
        return nil
    }
}
