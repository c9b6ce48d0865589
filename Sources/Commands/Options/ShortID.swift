// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Domain
import Operations
import Store

/// An id, or its first digits.
struct ShortID<Kind>: ExpressibleByArgument {
    let text: String

    init?(argument: String) {
        guard Identifier<Kind>.range(beginning: argument) != nil else { return nil }
        text = argument.lowercased()
    }

    var defaultValueDescription: String { text }

    /// The only one of the found that it stands for. Throws ``CommandError`` when there is none, or more than one.
    func only(of found: [Identifier<Kind>], _ what: String) throws -> Identifier<Kind> {
        switch found.count {
        case 0: throw CommandError(.refused, "There is no \(what) '\(text)'")
        case 1: return found[0]
        default:
            let some = found.prefix(5).map { "\($0)" }.joined(separator: ", ")
            throw CommandError(.refused, "Several ids begin with '\(text)': \(some)", remedy: "Give more digits.")
        }
    }
}

extension Control {
    /// The job that an id stands for, of those that the caller may see.
    func job(_ short: ShortID<Kind.Job>) async throws -> JobID {
        if let whole = JobID(short.text) { return whole }
        let found = try await perform(ListJobs(filter: JobFilter(id: short.text), limit: 6)).elements
        return try short.only(of: found.map(\.id), "job")
    }

    /// The delivery that an id stands for.
    func delivery(_ short: ShortID<Kind.Delivery>) async throws -> DeliveryID {
        if let whole = DeliveryID(short.text) { return whole }
        let found = try await perform(ListDeliveries(id: short.text, limit: 6)).elements
        return try short.only(of: found.map(\.id), "delivery")
    }

    /// The token that an id stands for.
    func token(_ short: ShortID<Kind.Token>) async throws -> TokenID {
        if let whole = TokenID(short.text) { return whole }
        let found = try await perform(ListTokens()).map(\.id).filter { "\($0)".hasPrefix(short.text) }
        return try short.only(of: found, "token")
    }
}
