// SPDX-License-Identifier: Apache-2.0

/// A guard's arguments: its command line after the word `guard`.
struct GuardCharge: Equatable {
    var lease: GuardLease
    /// Nanoseconds from interruption to kill.
    var grace: Int64
    /// The file in which the child keeps its state, and the file to save it to when the guard ends the child; or empty.
    var stateFile: String
    var spoolFile: String
    /// Whether the child prints its states, as ``ProcessMessage``s, instead of writing them into the file.
    var statesInOutput = false
    /// How large a state may be.
    var stateBytes = ChildBounds().stateBytes
    var confinement = Confinement()
    /// The child's absolute path, and its arguments after `argv[0]`.
    var executable: String
    var arguments: [String]

    /// The child's `argv`.
    var childArguments: [String] { [executable] + arguments }

    /// The bounds of the child's states.
    var bounds: ChildBounds { ChildBounds(stateBytes: stateBytes) }

    /// The guard's `argv`.
    func commandLine(guardExecutable: String) -> [String] {
        [
            guardExecutable, "guard", String(lease.interruptAt), String(lease.killAt), String(grace),
            stateFile, spoolFile, statesInOutput ? "said" : "written", String(stateBytes), confinement.text, executable,
        ] + arguments
    }
}

extension GuardCharge {
    init?(commandLine: [String]) {
        guard commandLine.count >= 11,
            let interruptAt = Int64(commandLine[2]),
            let killAt = Int64(commandLine[3]),
            let grace = Int64(commandLine[4]),
            let stateBytes = Int(commandLine[8]),
            let confinement = Confinement(text: commandLine[9])
        else { return nil }
        self.init(
            lease: GuardLease(interruptAt: interruptAt, killAt: killAt),
            grace: grace,
            stateFile: commandLine[5],
            spoolFile: commandLine[6],
            statesInOutput: commandLine[7] == "said",
            stateBytes: stateBytes,
            confinement: confinement,
            executable: commandLine[10],
            arguments: Array(commandLine[11...])
        )
    }
}
