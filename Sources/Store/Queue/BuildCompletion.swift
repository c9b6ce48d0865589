// SPDX-License-Identifier: Apache-2.0

package import Domain

/// What a workspace build leaves behind.
package struct BuildCompletion: Hashable, Sendable {
    package var result: JobResult
    /// Its state is as it is to be stored; `nil` keeps what the last checkpoint stored.
    package var outcome: BuildOutcome
    package var timings: [StageTiming]
    /// Late states of the workspace whose resources the build has destroyed.
    package var destroyed: [LateState] = []

    package init(result: JobResult, _ outcome: BuildOutcome = BuildOutcome(), timings: [StageTiming] = []) {
        self.result = result
        self.outcome = outcome
        self.timings = timings
    }
}
