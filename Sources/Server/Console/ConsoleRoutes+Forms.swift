// SPDX-License-Identifier: Apache-2.0

import Basics
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Operations
import Store

/// Signing in and out, and the forms of pages.
extension ConsoleRoutes {
    func signIn(_ request: Request) -> Response {
        ConsoleFrame.signIn(to: ConsoleAddress(request.uri.string)["to"] ?? "/")
    }

    @Sendable func begin(_ request: Request, _ connection: ServerRequestContext) async throws -> Response {
        try limiter.take(.address(connection.address))
        try Self.requireOwnPage(request)
        let fields = try await ConsoleFields(request)
        let to = fields.path("to") ?? "/"
        do {
            let token = TokenSecret(String((fields["token"] ?? "").filter { !$0.isWhitespace }.prefix(512)))
            let session = try await sessions.begin(with: token)
            return Response.seeOther(to, headers: [.setCookie: sessions.cookie(session, over: request.headers)])
        } catch let error {
            guard let problem = Problem(error) else { throw error }
            return ConsoleFrame.signIn(to: to, problem: problem)
        }
    }

    @Sendable func end(_ request: Request, _ connection: ServerRequestContext) async throws -> Response {
        if let session = ConsoleSessions.session(request.headers) {
            guard let token = try await ConsoleFields(request)["csrf"],
                ConsoleSessions.isFormToken(token, of: session)
            else { throw Self.foreignForm }
            limiter.forget(session.hash)
            try await sessions.end(session)
        }
        return Response.seeOther("/sign-in", headers: [.setCookie: sessions.cookie(nil, over: request.headers)])
    }

    /// Performs an operation that a form asks for; scripts are answered with JSON, forms without one with a page.
    @Sendable func perform(_ request: Request, _ connection: ServerRequestContext) async throws -> Response {
        let wantsJSON = (request.headers[.accept] ?? "").contains("application/json")
        do {
            let admitted = try await admit(request, connection)
            let fields = try await ConsoleFields(request)
            guard let token = fields["csrf"], ConsoleSessions.isFormToken(token, of: admitted.session) else {
                throw Self.foreignForm
            }
            let name = connection.parameters.get("operation") ?? ""
            guard let operation = OperationTable.all.first(where: { $0.name == name && !$0.route.isRead }) else {
                throw Problem.noSuchPath
            }
            try admitted.caller.require(operation.route)
            var context = context
            context.caller = admitted.caller
            context.origin = .console
            let answers = try await perform(operation, fields, context)
            cache.forget()
            return try respond(answers, fields, wantsJSON)
        } catch {
            guard let problem = Problem(error) else { throw error }
            return wantsJSON
                ? Response(problem.status, try ByteBuffer(json: problem), type: "application/problem+json")
                : ConsoleFrame.response(problem)
        }
    }

    /// Once for each value of the field that has many. Throws the first problem when none could be done.
    private func perform(
        _ operation: AnyOperation,
        _ fields: ConsoleFields,
        _ context: OperationContext
    ) async throws -> Answers {
        let all = try fields.operations(of: operation.route, now: try await context.store.now())
        guard all.count <= 1_000 else { throw Problem(.invalid, "At most 1000 are done at once.") }
        var answers = Answers(count: all.count)
        for data in all {
            do {
                answers.last = try await operation.read(data).perform(context)
                answers.done += 1
            } catch {
                guard let problem = Problem(error), all.count > 1 else { throw error }
                answers.problems.append(problem)
            }
        }
        if answers.done == 0, let problem = answers.problems.first { throw problem }
        return answers
    }

    /// What came of the operations of a form.
    private struct Answers {
        let count: Int
        var done = 0
        var problems: [Problem] = []
        var last: OperationAnswer?

        /// The members of the last answer that are texts, and the outputs in it by their names.
        var members: [String: String] {
            guard let last, let json = try? JSON(parsing: String(decoding: last.body, as: UTF8.self)) else {
                return [:]
            }
            var members = (json.members ?? [:]).compactMapValues(\.text)
            guard case .array(let outputs)? = json["outputs"] else { return members }
            for output in outputs {
                guard let name = output["name"]?.string, let value = output["value"] else { continue }
                members["output \(name)"] = value.text ?? value.json
            }
            return members
        }

        /// Empty: all was done.
        var message: String {
            guard let first = problems.first else { return "" }
            return "\(done) of \(count) were done; \(first.detail ?? first.title)"
        }
    }

    private func respond(_ answers: Answers, _ fields: ConsoleFields, _ wantsJSON: Bool) throws -> Response {
        let members = answers.members
        var next = fields.path("then")
        // A place in braces is a member of the answer.
        for (name, value) in members { next = next?.replacing("{\(name)}", with: PercentEncoding.encode(value)) }
        if wantsJSON {
            let body = ["message": answers.message, "then": next ?? ""]
            return Response(.ok, try ByteBuffer(json: body), type: "application/json")
        }
        let back = next ?? fields.path("back") ?? "/"
        let shown: Set = ["token", "secret", "public_key", "warning"]
        let secrets = members.filter { shown.contains($0.key) || $0.key.hasPrefix("output ") }
        guard !secrets.isEmpty else { return Response.seeOther(back) }
        return ConsoleFrame.answer(secrets, back: back)
    }

    private static let foreignForm = Problem(
        .forbidden,
        "The form is not of this session.",
        remedy: "Load the page again, and repeat it."
    )

    /// Browsers say where a form comes from; one of another site is refused.
    private static func requireOwnPage(_ request: Request) throws {
        let site = request.headers[.secFetchSite] ?? "same-origin"
        guard site == "same-origin" || site == "none" else { throw foreignForm }
    }
}
