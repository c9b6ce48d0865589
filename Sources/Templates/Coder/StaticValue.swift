// SPDX-License-Identifier: Apache-2.0

import Basics

/// A value of a module, as far as it is known without Terraform.
enum StaticValue {
    struct Member {
        /// `nil`: only Terraform can evaluate the name.
        let name: String?
        let value: StaticValue
    }

    /// Only Terraform can evaluate it.
    case open
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case list([StaticValue])
    case object([Member])

    init(_ json: JSON) {
        self =
            switch json {
            case .null: .null
            case .bool(let flag): .bool(flag)
            case .number(let digits): .number(digits)
            case .string(let text): .string(text)
            case .array(let elements): .list(elements.map(StaticValue.init))
            case .object(let members): .object(members.map { Member(name: $0.name, value: StaticValue($0.value)) })
            }
    }

    /// The whole value; `nil` when a part of it is open.
    var json: JSON? {
        switch self {
        case .open: return nil
        case .null: return .null
        case .bool(let flag): return .bool(flag)
        case .number(let digits): return .number(digits)
        case .string(let text): return .string(text)
        case .list(let elements):
            let values = elements.compactMap(\.json)
            return values.count == elements.count ? .array(values) : nil
        case .object(let members):
            let values = members.compactMap { member in
                member.name.flatMap { name in member.value.json.map { JSON.Member(name, $0) } }
            }
            return values.count == members.count ? .object(values) : nil
        }
    }

    /// As Terraform converts it to text; `nil` for lists, objects, `null` and what is open.
    var text: String? {
        switch self {
        case .bool, .number, .string: json?.text
        case .open, .null, .list, .object: nil
        }
    }

    /// A number without a fraction, also one that is written as text.
    var integer: Int? {
        text.flatMap { JSON.isNumber($0) ? JSON.number($0).integer : nil }
    }

    /// `true` or `false`, also in quotes.
    var flag: Bool? {
        switch text {
        case "true": true
        case "false": false
        default: nil
        }
    }

    /// The member or element at one step of a path.
    func step(_ key: StaticValue) -> StaticValue {
        switch (self, key) {
        case (.object(let members), _):
            guard let name = key.text else { return .open }
            if let member = members.last(where: { $0.name?.utf8.elementsEqual(name.utf8) == true }) {
                return member.value
            }
            return .open
        case (.list(let elements), _):
            guard let index = key.integer, elements.indices.contains(index) else { return .open }
            return elements[index]
        default: return .open
        }
    }

    /// The value itself, or ``open`` when it is larger than a template's values are: values that refer to each other
    /// could grow without end.
    var bounded: StaticValue {
        var budget = 20_000
        return isWithin(&budget) ? self : .open
    }

    /// Takes one for each value in it, and one for each 64 bytes of text.
    private func isWithin(_ budget: inout Int) -> Bool {
        budget -= 1
        switch self {
        case .open, .null, .bool, .number: break
        case .string(let text): budget -= text.utf8.count / 64
        case .list(let elements):
            for element in elements { guard element.isWithin(&budget) else { return false } }
        case .object(let members):
            for member in members { guard member.value.isWithin(&budget) else { return false } }
        }
        return budget >= 0
    }
}
