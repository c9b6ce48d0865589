// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Domain
import Operations

/// The filter of jobs.
struct JobFilterOptions: ParsableArguments {
    @Option(help: "Only those of this status: \(JobStatus.allCases.map(\.rawValue).joined(separator: ", ")).")
    var status: JobStatus?

    @Option(
        name: .customLong("class"),
        help: "Only those of this class: \(JobClass.allCases.map(\.rawValue).joined(separator: ", "))."
    )
    var jobClass: JobClass?

    @Option(help: "Only those of this template.")
    var template: String?

    @Option(help: "Only builds of a preset with this name.")
    var preset: String?

    @Option(help: "Only those that this worker, by name or id, runs or ran last.")
    var worker: String?

    @Option(help: "Only builds of this workspace, by name or id.")
    var workspace: String?

    @Option(help: "Only builds of this user's workspaces.")
    var owner: String?

    @Option(help: "Only those that ended with this code, as lists show it.")
    var errorCode: String?

    @Option(help: "Only those ordered since then: a time such as 2025-06-02T03:00:00Z, or an age such as 2h.")
    var since: MomentArgument?

    @Option(help: "Only those ordered before then.")
    var until: MomentArgument?

    var filter: JobFilter {
        JobFilter(
            status: status,
            jobClass: jobClass,
            template: template,
            preset: preset,
            worker: worker,
            workspace: workspace,
            owner: owner,
            errorCode: errorCode,
            since: since?.instant,
            until: until?.instant
        )
    }
}

/// A job by its id, or several by a filter.
struct JobOrderOptions: ParsableArguments {
    @Argument(help: "The job's id, or its first digits. Without it, all that the filter selects.")
    var job: ShortID<Kind.Job>?

    @Option(help: "How many at most, with a filter.")
    var limit = 100

    @OptionGroup var selection: JobFilterOptions

    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit takes 1 to 1000, not \(limit).") }
        guard (job == nil) != selection.filter.isEmpty else {
            throw ValidationError("Give either a job's id or a filter, such as --status or --template.")
        }
    }
}

extension JobClass: ExpressibleByArgument {}
