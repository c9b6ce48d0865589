// SPDX-License-Identifier: Apache-2.0

import Domain
import Operations
import Prebuilds
import Store
import Time

extension PoolFailure {
    /// A provisioner's error may be long: this is its first line, cut to two lines of a terminal.
    private static let longestError = 160

    /// `the last build failed 3m ago: no such image. See 'stoker jobs logs ...'.`
    func sentence(at now: Instant?) -> String {
        let when =
            now.map { " " + Shown.age(seconds: ($0 - at) / .seconds(1)) + " ago" }
            ?? " at \(Shown.time(at))"
        return "the last build failed\(when): \(cause) See 'stoker jobs logs \(jobID)'."
    }

    private var cause: String {
        let lines = error.split(whereSeparator: \.isNewline)
        let line = lines.first.map(String.init) ?? ""
        let text = line.isEmpty ? (errorCode.isEmpty ? "it gave no reason" : errorCode) : line
        guard text.count <= Self.longestError, lines.count <= 1 else { return "\(text.prefix(Self.longestError)) ..." }
        return text.hasSuffix(".") ? text : text + "."
    }
}

extension PresetReport {
    /// The problems of the pool, most important first; empty when there are none.
    var message: String {
        let status = preset.statusMessage.isEmpty ? nil : preset.statusMessage
        let reasons = status == nil ? (withheld ?? []).map(\.message) : []
        let failure = lastFailure.map { $0.sentence(at: nil) }
        return ([status, failure].compactMap(\.self) + reasons + (warnings ?? [])).map { text in
            text.hasSuffix(".") ? text : text + "."
        }.joined(separator: " ")
    }
}
