// SPDX-License-Identifier: Apache-2.0

import Domain

/// The bounds of everything that a template's programs print and write. They are defined only here.
///
/// Exceeding one fails the build once, with an error that names the bound (`FailureCode.invalid`), and
/// never the worker. Lines of the log are cut instead, and the middle of a long log is left out.
package struct ChildBounds: Sendable, Hashable {
    /// Bytes of a state, as the template wrote it: `worker.max_state_size`.
    package var stateBytes: Int
    /// Bytes that one child may print in all.
    package var outputBytes: Int

    package init(stateBytes: Int = 64 << 20, outputBytes: Int = 1 << 30) {
        self.stateBytes = stateBytes
        self.outputBytes = outputBytes
    }

    static let stateSetting = "worker.max_state_size"

    /// Bytes of a line of the log; the rest is cut off and counted.
    package static let lineBytes = 1 << 16
    /// Bytes of a message that is no state: a line of a process's protocol, or of Terraform's JSON.
    static let messageBytes = 1 << 20
    /// Bytes around the state in a line that contains one.
    static let envelopeBytes = 1 << 12
    /// Bytes of an error's text.
    package static let textBytes = 1 << 16
    /// Bytes of a name: of a resource, its type, an agent, a stage of the log.
    package static let nameBytes = 256
    /// Bytes of an address, a path of an attribute, or a reason.
    package static let addressBytes = 2_048
    /// Resources of a build, agents that it reports, and steps that it is timed by.
    package static let resources = 10_000
    /// Replacements of a build.
    package static let replacements = 1_000
    /// Paths of one of them.
    package static let paths = 100
    /// Bytes of all replacements of a build together, because one event contains them.
    package static let replacementBytes = 1 << 20
    /// Outputs of a build.
    package static let outputs = 200
    /// Bytes of an output's value, and of the values of all outputs of a build together, as compact JSON.
    package static let outputBytesEach = 1 << 16
    package static let outputBytesTogether = 1 << 20
    /// Daily cost of a resource, and of all resources of a build together: the range of the database's `integer`.
    package static let dailyCost = 0...Int(Int32.max)
    /// Depth of objects and arrays in any JSON.
    package static let depth = 200
    /// Bytes of what `terraform show -json` and `validate -json` print.
    static let documentBytes = 64 << 20
    /// Bytes of `stoker.yaml`.
    static let manifestBytes = 1 << 20
    /// Bytes of any other file that is read whole.
    static let fileBytes = 16 << 20
    /// Entries and depth of a template's directory, with everything that its preparation has added.
    static let treeEntries = 200_000
    static let treeDepth = 256

    /// Bytes of a line of a process's protocol that may hold a state.
    var stateLineBytes: Int { stateBytes + Self.envelopeBytes }
}

/// A template's program or file has exceeded a bound. It names the subject and the limit.
struct BoundExceeded: Error, Hashable, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    /// - Parameters:
    ///   - what: The beginning of the sentence, such as "The `error` of a `result`".
    ///   - setting: The setting of the bound, if it can be changed.
    init(_ what: String, has count: Int, _ unit: String = "bytes", most: Int, setting: String? = nil) {
        self.init("\(what) has \(count) \(unit); at most \(most) are taken\(setting.map { " (\($0))" } ?? "").")
    }

    init(moreThan most: Int, _ things: String) {
        self.init("The build has more than \(most) \(things); no more are taken.")
    }

    /// Throws unless the text has at most so many bytes.
    static func check(_ text: String, _ what: @autoclosure () -> String, most: Int) throws(BoundExceeded) {
        let count = text.utf8.count
        if count > most { throw BoundExceeded(what(), has: count, most: most) }
    }

    static func check(_ count: Int, _ unit: String, _ what: String, most: Int) throws(BoundExceeded) {
        if count > most { throw BoundExceeded(what, has: count, unit, most: most) }
    }

    static func state(_ count: Int, most: Int) -> Self {
        Self("The state", has: count, most: most, setting: ChildBounds.stateSetting)
    }
}

extension ProvisioningFailure {
    init(_ exceeded: BoundExceeded, state: [UInt8]? = nil) {
        self.init(.invalid, exceeded.description, state: state)
        exceedsBound = true
    }
}

extension String {
    /// The text, cut to at most so many bytes, with the number of bytes that were cut off.
    package func cut(to limit: Int) -> String {
        let count = utf8.count
        guard count > limit else { return self }
        var end = utf8.index(utf8.startIndex, offsetBy: limit)
        // Not inside of a character.
        while end > utf8.startIndex, utf8[end] & 0xc0 == 0x80 { end = utf8.index(before: end) }
        let kept = self[..<end]
        return "\(kept)... (\(count - kept.utf8.count) more bytes in this line)"
    }
}

/// Visits every text within a value, whatever its types.
enum TextWalk {
    static func holdsNUL(_ value: Any) -> Bool {
        if let text = value as? String { return text.utf8.contains(0) }
        return Mirror(reflecting: value).children.contains { holdsNUL($0.value) }
    }
}
