// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain

/// One line that a process prints on its standard output.
enum ProcessMessage: Equatable {
    case log(level: LogLevel, stage: String?, output: String)
    /// The new state, as it was written; `null`: nothing exists.
    case state([UInt8])
    case resource(BuiltResource)
    case replacement(Replacement)
    case agent(name: String)
    /// A value for the workspace's owner.
    case output(BuildOutput)
    case result(error: String?, code: FailureCode?)

    private enum Kind: String, CaseIterable {
        case log, state, resource, replacement, agent, output, result
    }

    /// What a line may name as its `type`.
    static let types = Kind.allCases.map(\.rawValue)

    /// The bounds of a process's lines.
    static func limit(_ bounds: ChildBounds) -> LineLimit {
        LineLimit(object: max(bounds.stateLineBytes, ChildBounds.messageBytes))
    }

    /// Parses a line; `nil` when it is not a message, and so a line of the log.
    ///
    /// A line that declares itself a message is one: it is never treated as a line of the log because it is too long or
    /// malformed. Its content would be lost, and the build would seem to have succeeded.
    ///
    /// - Throws: when it exceeds a bound, or lacks a member that its kind requires.
    static func read(_ line: OutputLine, _ bounds: ChildBounds) throws(BoundExceeded) -> ProcessMessage? {
        let bytes = line.bytes
        guard bytes.first == UInt8(ascii: "{") else { return nil }
        guard line.omitted == 0 else {
            let most = limit(bounds).object
            throw BoundExceeded(
                "A line that begins with `{`",
                has: bytes.count + line.omitted,
                most: most,
                setting: ChildBounds.stateSetting
            )
        }
        let scan = JSONScan(bytes, depth: ChildBounds.depth)
        let fields = Fields(scan: scan)
        guard let type = fields.anyText("type"), let kind = Kind(rawValue: type) else {
            // The part after the fault is unknown, so it may be a message or not.
            guard let fault = scan.fault, fault.reason == .depth else { return nil }
            throw .tooDeep(fault.offset)
        }
        if let fault = scan.fault {
            guard fault.reason != .depth else { throw .tooDeep(fault.offset) }
            guard kind != .log else { return nil }
            throw BoundExceeded("A `\(kind.rawValue)` line is no JSON at its byte \(fault.offset + 1).")
        }
        guard kind != .state else { return .state(try fields.state(bounds)) }
        guard bytes.count <= ChildBounds.messageBytes else {
            throw BoundExceeded("A `\(kind.rawValue)` line", has: bytes.count, most: ChildBounds.messageBytes)
        }
        return try read(kind, fields)
    }

    private static func read(_ kind: Kind, _ fields: Fields) throws(BoundExceeded) -> ProcessMessage? {
        switch kind {
        case .state: return nil
        case .log:
            guard let output = fields.anyText("output") ?? (fields.has("output") ? nil : "") else { return nil }
            let stage = fields.anyText("stage")
            if let stage { try BoundExceeded.check(stage, "The `stage` of a `log`", most: ChildBounds.nameBytes) }
            let level = fields.anyText("level").flatMap(LogLevel.init(rawValue:)) ?? .info
            return .log(level: level, stage: stage?.storable, output: output.storable)
        case .resource:
            let type = try fields.name("resource_type", of: kind.rawValue)
            let name = try fields.name("name", of: kind.rawValue)
            let address = try fields.text("address", of: kind.rawValue, most: ChildBounds.addressBytes)
            let cost = try fields.cost("daily_cost", of: kind.rawValue)
            let resource = BuiltResource(type: type, name: name, address: address ?? "\(type).\(name)", dailyCost: cost)
            return .resource(resource)
        case .replacement:
            guard let address = try fields.text("address", of: kind.rawValue, most: ChildBounds.addressBytes) else {
                throw .missing("address", of: kind.rawValue)
            }
            let reason = try fields.text("reason", of: kind.rawValue, most: ChildBounds.addressBytes) ?? ""
            let paths = try fields.texts("paths", of: kind.rawValue)
            return .replacement(Replacement(address: address, paths: paths, reason: reason))
        case .agent: return .agent(name: try fields.name("name", of: kind.rawValue))
        case .output: return .output(try fields.output())
        case .result:
            let error = try fields.text("error", of: kind.rawValue, most: ChildBounds.textBytes)
            let code = try fields.text("code", of: kind.rawValue, most: ChildBounds.nameBytes)
            return .result(
                error: error?.isEmpty == true ? nil : error,
                code: code.flatMap(FailureCode.init(rawValue:))
            )
        }
    }

    /// The members of a line, parsed when they are used.
    private struct Fields {
        let scan: JSONScan

        func has(_ name: String) -> Bool { value(name) != nil }

        /// `nil` for `null` too.
        private func value(_ name: String) -> RawJSON? {
            scan[name].flatMap { $0.isWord("null") ? nil : $0 }
        }

        /// `nil` when it is no text.
        func anyText(_ name: String) -> String? {
            value(name)?.string
        }

        func text(_ name: String, of kind: String, most: Int) throws(BoundExceeded) -> String? {
            guard let value = value(name) else { return nil }
            guard let text = value.string else { throw .wrong(name, of: kind, "text") }
            try BoundExceeded.check(text, "The `\(name)` of a `\(kind)`", most: most)
            return text.storable
        }

        func name(_ name: String, of kind: String) throws(BoundExceeded) -> String {
            guard let text = try text(name, of: kind, most: ChildBounds.nameBytes) else {
                throw .missing(name, of: kind)
            }
            return text
        }

        func texts(_ name: String, of kind: String) throws(BoundExceeded) -> [String] {
            guard let value = value(name) else { return [] }
            guard value.bytes.first == UInt8(ascii: "[") else { throw .wrong(name, of: kind, "an array of text") }
            let elements = value.elements
            let most = ChildBounds.paths
            try BoundExceeded.check(elements.count, "entries", "The `\(name)` of a `\(kind)`", most: most)
            var texts: [String] = []
            for element in elements {
                guard let text = element.string else { throw .wrong(name, of: kind, "an array of text") }
                try BoundExceeded.check(text, "One of the `\(name)` of a `\(kind)`", most: ChildBounds.addressBytes)
                texts.append(text.storable)
            }
            return texts
        }

        func cost(_ name: String, of kind: String) throws(BoundExceeded) -> Int {
            guard let value = value(name) else { return 0 }
            let range = ChildBounds.dailyCost
            guard let number = value.integer, range.contains(number) else {
                let found = String(decoding: value.bytes.prefix(40), as: UTF8.self)
                throw .wrong(name, of: kind, "a whole number from 0 to \(range.upperBound)", found: found)
            }
            return number
        }

        func output() throws(BoundExceeded) -> BuildOutput {
            let kind = Kind.output.rawValue
            let name = try name("name", of: kind)
            guard !name.isEmpty else { throw .missing("name", of: kind) }
            let sensitive = value("sensitive")
            guard sensitive.map({ $0.isWord("true") || $0.isWord("false") }) ?? true else {
                throw .wrong("sensitive", of: kind, "true or false")
            }
            // The line was scanned before; what the parser refuses beyond that are unpaired surrogates.
            guard let raw = scan["value"] else { throw .missing("value", of: kind) }
            guard let value = try? JSON(parsing: String(decoding: raw.bytes, as: UTF8.self)) else {
                throw .wrong("value", of: kind, "JSON")
            }
            return BuildOutput(name: name, value: value, isSensitive: sensitive?.isWord("true") == true)
        }

        func state(_ bounds: ChildBounds) throws(BoundExceeded) -> [UInt8] {
            guard let state = scan["state"]?.bytes else { throw .missing("state", of: "state") }
            guard state.count <= bounds.stateBytes else { throw .state(state.count, most: bounds.stateBytes) }
            return Array(state)
        }
    }
}

extension BoundExceeded {
    fileprivate static func tooDeep(_ place: Int) -> Self {
        Self(
            """
            A line holds more than \(ChildBounds.depth) objects and arrays within each other, at its byte \(place + 1); no more \
            are taken.
            """
        )
    }

    fileprivate static func missing(_ name: String, of kind: String) -> Self {
        Self("A `\(kind)` line has no `\(name)`.")
    }

    fileprivate static func wrong(_ name: String, of kind: String, _ expected: String, found: String? = nil) -> Self {
        Self("The `\(name)` of a `\(kind)` must be \(expected)\(found.map { ", and is \($0)" } ?? "").")
    }
}
