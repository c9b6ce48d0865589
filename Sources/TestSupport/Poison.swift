// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// Hostile and careless templates (`Tests/Poisons`): one template whose parameter `poison` selects the behaviour.
package enum Poison: String, CaseIterable, Sendable {
    case largeError = "large-error"
    case longError = "long-error"
    case largeLog = "large-log"
    case longStage = "long-stage"
    case manyStages = "many-stages"
    case longLine = "long-line"
    case manyLines = "many-lines"
    case numbers
    case longName = "long-name"
    case nul
    case largeCost = "large-cost"
    case negativeCost = "negative-cost"
    case costTogether = "cost-together"
    case manyResources = "many-resources"
    case manyReplacements = "many-replacements"
    case deepState = "deep-state"
    case manyStates = "many-states"
    case secondResult = "second-result"
    case largeState = "large-state"
    case brokenState = "broken-state"
    case fifo
    case movedFIFO = "moved-fifo"
    case sparse
    case directory
    case link
    case deepDirectories = "deep-directories"
    case lockedDirectories = "locked-directories"
    case tornDown = "torn-down"
    case daemon
    case silentDaemon = "silent-daemon"
    case stubborn
    case stoppedGuard = "stopped-guard"

    /// The template's directory.
    package static let template = FilePath("\(#filePath)").removingLastComponent().appending("../../Tests/Poisons")
        .lexicallyNormalized()

    /// The state that each of them prints first; later output must not lose it.
    package static let state = #"{"resource":"one"}"#

    /// The error code of its build, and words of the error, which name the bound; `nil`: it succeeds.
    package var failure: (code: String, words: String)? {
        switch self {
        case .manyStages, .manyStates, .longLine, .manyLines, .nul, .deepDirectories, .lockedDirectories, .tornDown,
            .daemon,
            .silentDaemon:
            nil
        case .largeError: ("INVALID", "A `result` line has 30000028 bytes; at most 1048576 are taken.")
        case .longError: ("INVALID", "The `error` of a `result` has 100000 bytes; at most 65536 are taken.")
        case .largeLog: ("INVALID", "A `log` line has 40000026 bytes; at most 1048576 are taken.")
        case .longStage: ("INVALID", "The `stage` of a `log` has 300 bytes; at most 256 are taken.")
        case .numbers: ("INVALID", "A `log` line has ")
        case .longName: ("INVALID", "The `name` of a `resource` has 300 bytes; at most 256 are taken.")
        case .largeCost, .negativeCost:
            ("INVALID", "The `daily_cost` of a `resource` must be a whole number from 0 to 2147483647, and is ")
        case .costTogether: ("INVALID", "The daily cost of a build's resources, each and together, must be from 0")
        case .manyResources: ("INVALID", "The build has more than 10000 resources; no more are taken.")
        case .manyReplacements: ("INVALID", "The build has more than 1000 replacements; no more are taken.")
        case .deepState: ("INVALID", "A line holds more than 200 objects and arrays within each other")
        case .secondResult: ("FAILED", "the first word stands")
        case .largeState: ("INVALID", "A line that begins with `{` has 70000027 bytes; at most 67112960 are taken")
        case .brokenState: ("INVALID", "A `state` line is no JSON at its byte ")
        case .fifo, .movedFIFO, .directory, .link:
            ("INVALID", "state.json is no regular file; only those are read.")
        case .sparse:
            ("INVALID", "state.json has 1610612736 bytes; at most 67108864 are taken (worker.max_state_size).")
        case .stubborn, .stoppedGuard: ("TIMED_OUT", "It ran for longer than ")
        }
    }

    /// Whether its build ends when its time is up, and not before.
    package var takesAllTime: Bool { failure?.code == "TIMED_OUT" }
}
