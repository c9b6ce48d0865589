// SPDX-License-Identifier: Apache-2.0

import Domain
import Operations
import Prebuilds
import Store

/// Performs a command's operations, on the database or through a server.
protocol Control: Sendable {
    func perform<Asked: Operation>(_ operation: Asked) async throws -> Asked.Answer

    /// Passes on every line of a job's log, the existing ones too, until the job has ended; then returns the job.
    func follow(_ job: JobID, _ line: (StoredLogLine) throws -> Void) async throws -> JobSummary
}

extension Control {
    /// Up to the wanted number of elements of a list, page by page.
    func list<Asked: PagedOperation>(_ operation: Asked, limit: Int = .max) async throws -> [Asked.Element] {
        try await page(operation, limit: limit).elements
    }

    /// As ``list(_:limit:)``, and whether there are more.
    func page<Asked: PagedOperation>(_ operation: Asked, limit: Int) async throws -> Page<Asked.Element> {
        var operation = operation
        var elements: [Asked.Element] = []
        repeat {
            operation.limit = min(limit - elements.count, 1000)
            let page = try await perform(operation)
            elements += page.elements
            operation.cursor = page.next
        } while operation.cursor != nil && elements.count < limit
        return Page(elements, next: operation.cursor)
    }

    /// Waits for a job's end, and shows what it waits for. Throws ``CommandError`` when it did not succeed.
    func waitForEnd(of job: JobID) async throws -> JobSummary {
        try await JobWaiting(control: self, display: WaitDisplay()).follow(job) { _ in }.requireSuccess()
    }
}

/// Performs on the database, for whoever has its credentials.
extension OperationContext: Control {
    func perform<Asked: Operation>(_ operation: Asked) async throws -> Asked.Answer {
        try await answer(operation)
    }

    func follow(_ job: JobID, _ line: (StoredLogLine) throws -> Void) async throws -> JobSummary {
        try await follow(job, after: 0) { if let found = $0 { try line(found) } }
    }
}

extension JobSummary {
    /// Throws ``CommandError`` with the job's own error unless it succeeded.
    @discardableResult
    func requireSuccess() throws -> Self {
        guard status != .succeeded else { return self }
        let what = type == .workspaceBuild ? "the build" : "the import"
        throw CommandError(
            error.isEmpty ? "\(what) was \(status)" : "\(what) \(status): \(error)",
            remedy: "See 'stoker jobs logs \(id)'."
        )
    }
}
