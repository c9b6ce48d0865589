// SPDX-License-Identifier: Apache-2.0

/// Receives the progress of an execution.
package protocol ExecutionReporter: Sendable {
    /// Takes one line of the job's log. Called from any thread, in order per stream; must not block.
    func log(_ line: LogLine)

    /// Takes the duration of one step. Called from any thread; must not block.
    func timing(_ timing: StageTiming)

    /// Stores the newest state of a build that is still running, under the caller's fence.
    ///
    /// Called once at a time. When several states appear meanwhile, only the newest is reported.
    func checkpoint(_ state: [UInt8]) async

    /// Takes the replacements as soon as they are known: once they have begun, no later plan shows them.
    func replacing(_ replacements: [Replacement]) async
}

/// The level of a log line; the raw values are those of `log_level`.
package enum LogLevel: String, Sendable, Hashable, CaseIterable, Codable {
    case trace, debug, info, warn, error
}

/// One line of a job's log.
package struct LogLine: Sendable, Hashable {
    package var level: LogLevel
    /// The stage: `init`, `plan`, `apply`, `destroy`, or one that a process names.
    package var stage: String
    package var output: String

    package init(level: LogLevel, stage: String, output: String) {
        self.level = level
        self.stage = stage.storable
        self.output = output.storable
    }
}

/// The duration of one step of an execution.
///
/// Times are spans since the execution's start (``ExecutionControl/started``), not readings of a wall clock; the caller
/// adds the job's `started_at`.
package struct StageTiming: Sendable, Hashable {
    package var stage: String
    /// The action: `create`, `delete`, `read`, or the stage itself.
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
