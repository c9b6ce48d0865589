// SPDX-License-Identifier: Apache-2.0

/// Where an execution tells what it is doing while it does it.
package protocol ExecutionReporter: Sendable {
    /// Takes one line of the job's log. Called from any thread, in order per stream; must not block.
    func log(_ line: LogLine)

    /// Takes how long one step took. Called from any thread; must not block.
    func timing(_ timing: StageTiming)

    /// Stores the newest state of a build that is still running, under the caller's fence.
    ///
    /// Called once at a time. States that appear meanwhile are dropped but for the newest.
    func checkpoint(_ state: [UInt8]) async

    /// Takes what is being replaced, as soon as that is known: once it has begun, no later plan shows it.
    func replacing(_ replacements: [Replacement]) async
}

/// How much a log line matters; the raw values are those of `log_level`.
package enum LogLevel: String, Sendable, Hashable, CaseIterable, Codable {
    case trace, debug, info, warn, error
}

/// One line of a job's log.
package struct LogLine: Sendable, Hashable {
    package var level: LogLevel
    /// The step it belongs to: `init`, `plan`, `apply`, `destroy`, or what a process names.
    package var stage: String
    package var output: String

    package init(level: LogLevel, stage: String, output: String) {
        self.level = level
        self.stage = stage.storable
        self.output = output.storable
    }
}

/// How long one step of an execution took.
///
/// Times are spans since the execution began (``ExecutionControl/started``), not readings of a wall clock; whoever
/// stores them adds the job's `started_at`.
package struct StageTiming: Sendable, Hashable {
    package var stage: String
    /// What was done: `create`, `delete`, `read`, or the stage itself.
    package var action: String
    /// The resource's address; empty for a whole stage.
    package var resource: String
    package var startedAfter: Duration
    package var endedAfter: Duration

    package init(stage: String, action: String, resource: String, startedAfter: Duration, endedAfter: Duration) {
        self.stage = stage.storable
        self.action = action.storable
        self.resource = resource.storable
        self.startedAfter = startedAfter
        self.endedAfter = endedAfter
    }
}
