// SPDX-License-Identifier: Apache-2.0

package import Domain

/// The result of a workspace build.
package struct BuildCompletion: Hashable, Sendable {
    package var result: JobResult
    /// The state as it is to be stored; `nil` keeps the state of the last checkpoint.
    package var outcome: BuildOutcome
    package var timings: [StageTiming]
    /// Late states whose resources the build has destroyed.
    package var destroyed: [LateState] = []
    /// The outputs as they are to be stored.
    package var outputs: [StoredOutput] = []
    /// Of the build; `nil`: it was not read.
    package var transition: Transition?
    /// The transition of the build that the success of this one orders.
    package var next: Transition?
    package var isRehearsal = false
    /// The manifest of the outcome, sealed.
    package var manifest: [UInt8]?

    package init(result: JobResult, _ outcome: BuildOutcome = BuildOutcome(), timings: [StageTiming] = []) {
        self.result = result
        self.outcome = outcome
        self.timings = timings
    }
}
