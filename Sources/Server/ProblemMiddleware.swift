// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import Logging
import NIOHTTP1

/// Turns every error of a handler into a problem, so that all errors have one form.
///
/// Internal errors are logged, and the client gets only the request's id.
struct ProblemMiddleware<Context: RequestContext>: RouterMiddleware {
    func handle(
        _ request: Request,
        context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPError {
            var response = try Problem(error.status, detail: error.body).response(from: request, context: context)
            for field in error.headers where field.name != .contentType && field.name != .contentLength {
                response.headers.append(field)
            }
            return response
        } catch is HTTPParserError {
            // The body was incomplete or its chunks were malformed; nothing after it can be parsed.
            var problem = Problem(.badRequest, detail: "The body does not match the request's headers.")
            problem.headers[.connection] = "close"
            return try problem.response(from: request, context: context)
        } catch {
            if let problem = Problem(error) ?? (error as? any HTTPResponseError).map({ Problem($0.status) }) {
                return try problem.response(from: request, context: context)
            }
            context.logger.error(
                "A request failed",
                metadata: ["error": "\(error)", "http.method": "\(request.method)", "http.path": "\(request.uri.path)"]
            )
            // Not `context.id`: that traps when the log handler keeps no metadata.
            let identifier = context.logger[metadataKey: "hb.request.id"]
            let problem = Problem(
                .internalServerError,
                detail: "The server's log says more under this request's id.",
                members: identifier.map { ["request_id": .string("\($0)")] } ?? [:]
            )
            return try problem.response(from: request, context: context)
        }
    }
}
