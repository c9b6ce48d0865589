// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain

/// What is probably meant by a line that looks like a message and is none, or by a word that is unknown. Without it, the
/// message's author would only see that nothing comes of it.
enum ProcessHint {
    /// How many lines of one execution are commented on.
    static let most = 20

    /// The comment on a line, for the job's log; `nil` when there is nothing to say.
    ///
    /// - Parameter isMessage: Whether it was understood as a message.
    static func text(on line: OutputLine, isMessage: Bool) -> String? {
        // Plain text may begin with a brace, an object's first member with a quote.
        guard line.bytes.starts(with: #"{""#.utf8), line.omitted == 0 else { return nil }
        let scan = JSONScan(line.bytes, depth: ChildBounds.depth)
        let type = scan["type"]?.string
        if isMessage { return type == "result" ? hint(onCode: scan["code"]?.string) : nil }
        if let fault = scan.fault {
            return
                "This line begins as a message and is no JSON at its byte \(fault.offset + 1), so it was not read as one."
        }
        guard let type, let meant = Suggestion.nearest(to: type, among: ProcessMessage.types) else { return nil }
        if type == meant {
            return "This line is no `\(meant)`: its members are not as they must be, so it was not read as one."
        }
        return
            "There is no type '\(Excerpt.of(type))', so this line was not read as a message; did you mean '\(meant)'?"
    }

    private static func hint(onCode code: String?) -> String? {
        guard let code, FailureCode(rawValue: code) == nil else { return nil }
        let meant = Suggestion.nearest(to: code, among: codes).map { "did you mean '\($0)'?" }
        return "There is no code '\(Excerpt.of(code))', so it was passed over; "
            + (meant ?? "there are \(codes.joined(separator: ", ")).")
    }

    /// The codes that a program is meant to give.
    private static let codes = [FailureCode.invalid, .transient, .capacity].map(\.rawValue)
}
