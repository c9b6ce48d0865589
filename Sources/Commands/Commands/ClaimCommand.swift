// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Operations
import Store

/// `stoker claim`
struct ClaimCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "claim",
        abstract: "Claim a workspace: an eligible prebuild at once, else a new build.",
        discussion: """
            Says which it was ('outcome' in JSON), and exits with 0 for both. A name that is taken, an unknown template, \
            preset or user is refused, and nothing is spent.

            With --wait-for-refill, a claim that finds none ready waits for the next prebuild: who came first gets it \
            first. It is a fresh build after all when the time is over, and at once when no prebuild can become what is \
            asked for.

            What is waited for is said on standard error within two seconds, and how it ended and how long it took. The \
            exit code is 0 when there is a workspace and, with --wait, its build has succeeded; 1 when that failed or was \
            canceled, or could not be followed; 2 when the claim was refused.
            """
    )

    @Argument(help: "The template.")
    var template: String

    @Option(help: "One of the template's presets. Default: the default preset, or with --param one that fits.")
    var preset: String?

    @Option(help: "The user who gets it.")
    var owner: String

    @Option(help: "The workspace's name.")
    var name: String

    @Option(
        name: .customLong("param"),
        help: ArgumentHelp("A parameter's value; may be repeated.", valueName: "key=value")
    )
    var parameters: [String] = []

    @Option(help: "'latest': no prebuild of an earlier version, as a roll-out may give.")
    var version: ClaimedVersion?
    @Option(
        name: .customLong("label"),
        help: ArgumentHelp("A label of the workspace; may be repeated.", valueName: "key=value")
    )
    var labels: [String] = []

    @Option(help: "Claim so many ready ones in one transaction, called NAME-1, NAME-2, ...: all, or none.")
    var count: Int?

    @Flag(help: "With --count: as many as are ready, if not all.")
    var available = false

    @Option(help: "With the same key, the same request always gives the same workspace.")
    var idempotencyKey: String?

    @Option(
        help: ArgumentHelp(
            "How long the workspace lives, such as 8h; 0: without end. Default and maximum: the template's.",
            valueName: "duration"
        )
    )
    var ttl: DurationArgument?

    @Flag(help: "If no prebuild is eligible, wait for the next one.")
    var waitForRefill = false

    @Option(help: ArgumentHelp("For how long --wait-for-refill waits, such as 90s or 5m.", valueName: "duration"))
    var waitAtMost = DurationArgument(.seconds(600))

    @Flag(help: "Show the log of its build, and wait for its end; fail if the build fails.")
    var wait = false

    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let request = ClaimRequest(
            template: template,
            preset: preset,
            owner: owner,
            name: name,
            parameters: try values(),
            latestOnly: version == .latest,
            idempotencyKey: idempotencyKey,
            ttl: ttl?.seconds,
            labels: try pairs(labels, "--label")
        )
        if let count { return try await claim(count, of: request) }
        let report = try await control.withControl { control in
            let waitLimit = waitForRefill ? waitAtMost.seconds : nil
            let waiting = JobWaiting(control: control, display: WaitDisplay())
            let result = try await waiting.claim(request, waitLimit: waitLimit)
            guard wait else { return ClaimReport(result: result, build: nil) }
            do {
                let build = try await waiting.follow(result.jobID) { try Console.note(LogPrinter.text($0)) }
                // A replacement policy may have given another workspace than the prebuild.
                let settled = try await control.perform(ShowClaim(claim: result.claimID))
                return ClaimReport(result: settled, build: build)
            } catch {
                // The claim itself has succeeded.
                try output.print(ClaimReport(result: result, build: nil), table: \.text)
                throw CommandError("its build could not be followed: \(error)")
            }
        }
        try output.print(report, table: \.text)
        try report.build?.requireSuccess()
    }

    func validate() throws {
        guard waitAtMost.duration > .zero else { throw ValidationError("--wait-at-most takes more than 0s.") }
        _ = try values()
        _ = try pairs(labels, "--label")
        guard count != nil || !available else { throw ValidationError("--available goes with --count.") }
        guard count == nil || !waitForRefill && !wait else {
            throw ValidationError("--count gives what is ready: it takes neither --wait nor --wait-for-refill.")
        }
        guard count.map({ (1...Store.mostClaimsTogether).contains($0) }) ?? true else {
            throw ValidationError("--count takes a number from 1 to \(Store.mostClaimsTogether).")
        }
    }

    /// Several at once.
    private func claim(_ count: Int, of request: ClaimRequest) async throws {
        let claims = try await control.withControl { control in
            try await control.perform(
                ClaimWorkspaces(request, count: count, rule: available ? .available : .all)
            )
        }
        try output.print(claims) { claims in
            let lines = claims.map {
                Printable.line("\($0.workspaceName) (\($0.templateName)/\($0.presetName)): job \($0.jobID)")
            }
            let whose = "\(claims.count) of \(count) are \(request.owner)'s."
            return (lines + [Printable.line(whose)]).joined(separator: "\n")
        }
    }

    private func values() throws -> [String: String] { try pairs(parameters, "--param") }

    private func pairs(_ texts: [String], _ option: String) throws -> [String: String] {
        var values: [String: String] = [:]
        for text in texts {
            guard let (key, value) = KeyValue.split(text) else {
                throw ValidationError("\(option) \(text): expected key=value.")
            }
            guard values.updateValue(value, forKey: key) == nil else {
                throw ValidationError("\(option) \(key) is given twice.")
            }
        }
        return values
    }
}

/// A claim's result and, when it was waited for, its build's.
struct ClaimReport: Encodable {
    let result: ClaimResult
    let build: JobSummary?

    var text: String {
        let place = "\(result.workspaceName) (\(result.templateName)/\(result.presetName)) of \(result.ownerName)"
        let reason = result.reason.hasSuffix(".") ? String(result.reason.dropLast()) : result.reason
        let why = reason.isEmpty ? "" : " (\(reason))"
        let how =
            switch result.outcome {
            case .hit: "is a ready prebuild"
            case .error: "was not handed over"
            default: "is a new build: \(result.outcome.rawValue)"
            }
        let next =
            build.map { "Its build \($0.status)." } ?? "Follow its build: stoker jobs logs \(result.jobID) --follow"
        let again = result.isRepeat ? " It was claimed before with this key." : ""
        let end = result.expiresAt.map { ["It ends at \(Shown.time($0))."] } ?? []
        let given = result.outputs.map { WorkspaceOutputs($0) }
        let lines =
            [Printable.line("\(place) \(how)\(why).\(again)"), next] + end + (given?.lines ?? []).map(Printable.line)
        let table = given?.table ?? ""
        return lines.joined(separator: "\n") + (table.isEmpty ? "" : "\n\n\(table)")
    }

    private enum CodingKeys: String, CodingKey {
        case buildStatus = "build_status"
        case buildError = "build_error"
    }

    /// The result's members, and the build's.
    func encode(to encoder: any Encoder) throws {
        try result.encode(to: encoder)
        guard let build else { return }
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(build.status, forKey: .buildStatus)
        if !build.error.isEmpty { try container.encode(build.error, forKey: .buildError) }
    }
}

extension ClaimedVersion: ExpressibleByArgument {}
