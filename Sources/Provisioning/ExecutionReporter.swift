// SPDX-License-Identifier: Apache-2.0

package import Domain

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
