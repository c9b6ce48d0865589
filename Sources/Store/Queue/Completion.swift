// SPDX-License-Identifier: Apache-2.0

/// How an execution ended.
package enum JobResult: Hashable, Sendable {
    case succeeded
    /// For good; the code is one of jobs.md, such as `INVALID`.
    case failed(code: String, message: String)
    /// On request.
    case canceled
}

/// What a pool is called, wherever it is counted.
package struct PoolName: Hashable, Sendable {
    package var template: String
    package var preset: String
    package var organization: String

    /// What belongs to no pool, or nobody said to which.
    package static let none = Self(template: "", preset: "", organization: "")
}

/// What became of an order for a prebuild.
package enum PoolNews: Hashable, Sendable {
    /// It can be claimed for the first time, so long after it was ordered.
    case refilled(after: Duration)
    /// Its build has failed for good.
    case failed(PoolName)

    /// - Parameter seconds: Since the order, by the database's clock; `nil`: it cannot be claimed yet.
    init?(refilledAfter seconds: Double?) {
        guard let seconds else { return nil }
        self = .refilled(after: max(.seconds(seconds), .zero))
    }
}

/// What a workspace build leaves behind.
package struct BuildCompletion: Hashable, Sendable {
    package var result: JobResult
    /// The final state, as it is to be stored; `nil` keeps what the last checkpoint stored.
    package var state: [UInt8]?
    package var resources: [Resource]
    package var timings: [Timing]
    /// Resources that a claim build replaced.
    package var replacements: [Replacement]
    /// Agents that the build itself has found ready; others report for themselves.
    package var readyAgents: [String]
    /// Late states of the workspace whose resources the build has destroyed.
    package var destroyed: [LateState] = []

    package init(
        result: JobResult,
        state: [UInt8]? = nil,
        resources: [Resource] = [],
        timings: [Timing] = [],
        replacements: [Replacement] = [],
        readyAgents: [String] = []
    ) {
        self.result = result
        self.state = state
        self.resources = resources
        self.timings = timings
        self.replacements = replacements
        self.readyAgents = readyAgents
    }

    /// A resource that the build left behind.
    package struct Resource: Hashable, Sendable {
        package var type: String
        package var name: String
        package var address: String
        package var dailyCost: Int

        package init(type: String, name: String, address: String, dailyCost: Int) {
            self.type = type
            self.name = name
            self.address = address
            self.dailyCost = dailyCost
        }
    }

    /// How long a stage, or an action on a resource, took.
    package struct Timing: Hashable, Sendable {
        package var stage: String
        package var action: String
        package var resource: String
        /// Since the execution began.
        package var startedAfter: Duration
        package var endedAfter: Duration

        package init(stage: String, action: String, resource: String, startedAfter: Duration, endedAfter: Duration) {
            self.stage = stage
            self.action = action
            self.resource = resource
            self.startedAfter = startedAfter
            self.endedAfter = endedAfter
        }
    }

    /// A resource that the plan destroys and creates, and the dotted paths that force it.
    package struct Replacement: Hashable, Sendable, Codable {
        package var address: String
        package var paths: [String]
        /// Why, as the provisioner says it; may be empty.
        package var reason: String

        package init(address: String, paths: [String], reason: String = "") {
            self.address = address
            self.paths = paths
            self.reason = reason
        }
    }
}
