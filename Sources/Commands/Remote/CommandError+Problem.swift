// SPDX-License-Identifier: Apache-2.0

import Basics
import CurlClient
import FoundationEssentials

extension CommandError {
    /// What a server answered instead of what was asked for (RFC 9457).
    static func problem(_ status: Int, _ body: [UInt8], from server: EndpointURL) -> CommandError {
        struct Problem: Decodable {
            let title: String
            let detail: String?
            let remedy: String?
            let errors: [String]?
        }
        guard let problem = try? JSONDecoder().decode(Problem.self, from: Data(body)) else {
            return CommandError(
                "\(server.origin) answered with status \(status)",
                remedy: "See that it is a Stoker, and what stands before it."
            )
        }
        // Nothing was changed, but for what went wrong on the server's side or was asked too often.
        let meaning: ExitMeaning = (400..<500 ~= status && status != 429) ? .refused : .failure
        // A line an error, whatever the server says.
        let message = problem.errors?.map(Printable.line).joined(separator: "\n")
        return CommandError(
            meaning,
            message ?? Printable.line(problem.detail ?? problem.title),
            remedy: Printable.line(problem.remedy ?? "")
        )
    }
}
