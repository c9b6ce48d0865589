// SPDX-License-Identifier: Apache-2.0

import Basics
import CurlClient
import FoundationEssentials
import HTTPTypes

extension CommandError {
    /// A server's problem as an error (RFC 9457).
    static func problem(_ status: HTTPResponse.Status, _ body: [UInt8], from server: EndpointURL) -> CommandError {
        struct Problem: Decodable {
            let title: String
            let detail: String?
            let remedy: String?
            let errors: [String]?
        }
        guard let problem = try? JSONDecoder().decode(Problem.self, from: Data(body)) else {
            return CommandError(
                "\(server.origin) answered with status \(status)",
                remedy: "Check that it is a Stoker server, and the proxy in front of it."
            )
        }
        // Nothing was changed, except possibly after an error of the server.
        let meaning: ExitMeaning = status.kind == .clientError && status != .tooManyRequests ? .refused : .failure
        // One error a line, whatever the server sends.
        let message = problem.errors?.map(Printable.line).joined(separator: "\n")
        return CommandError(
            meaning,
            message ?? Printable.line(problem.detail ?? problem.title),
            remedy: Printable.line(problem.remedy ?? "")
        )
    }
}
