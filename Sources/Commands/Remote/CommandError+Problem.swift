// SPDX-License-Identifier: Apache-2.0

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
        let message = problem.errors?.joined(separator: "\n") ?? problem.detail ?? problem.title
        return CommandError(meaning, message, remedy: problem.remedy ?? "")
    }
}
