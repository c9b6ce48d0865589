// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Commands

@Suite struct FirstStepsTests {
    @Test func `an empty database has only what shows that`() {
        #expect(FirstSteps(presets: [], owner: nil, taken: []).commands == [])
    }

    @Test func `a newcomer is added first, and no name is used twice`() {
        let steps = FirstSteps(
            presets: [("a", "x", false), ("a", "y", true), ("b", "it's", false)],
            owner: nil,
            taken: []
        )
        #expect(
            steps.commands == [
                "stoker users add alice",
                "stoker claim a --owner alice --name dev --wait",
                #"stoker claim b --preset 'it'\''s' --owner alice --name dev2 --wait"#,
                "stoker workspaces list",
            ]
        )
    }

    @Test func `whoever is there claims under a name that is free`() {
        let steps = FirstSteps(presets: [("a", "x", true)], owner: "bob", taken: ["dev", "dev2"])
        #expect(steps.commands == ["stoker claim a --owner bob --name dev3 --wait", "stoker workspaces list"])
    }
}

@Suite struct CompletionTests {
    private static func place(_ shell: Shell?, _ environment: [String: String], at directory: String? = nil) throws
        -> String
    {
        try "\(CompletionPlace(shell: shell, directory: directory, environment: environment).file)"
    }

    @Test func `each shell has its place`() throws {
        let home = ["HOME": "/h", "SHELL": "/usr/bin/fish"]
        #expect(try Self.place(nil, home) == "/h/.config/fish/completions/stoker.fish")
        #expect(try Self.place(.bash, home) == "/h/.local/share/bash-completion/completions/stoker")
        #expect(try Self.place(.zsh, ["XDG_DATA_HOME": "/d"]) == "/d/zsh/site-functions/_stoker")
        #expect(try Self.place(.bash, ["BASH_COMPLETION_USER_DIR": "/b"]) == "/b/completions/stoker")
        #expect(try Self.place(.zsh, [:], at: "/x") == "/x/_stoker")
    }

    @Test func `an unknown shell and a missing home are said`() {
        #expect(throws: CommandError.self) { try Self.place(nil, ["SHELL": "/bin/dash", "HOME": "/h"]) }
        #expect(throws: CommandError.self) { try Self.place(.bash, [:]) }
    }

    @Test(arguments: Shell.allCases)
    func `the completions name the commands`(shell: Shell) {
        #expect(shell.completions.contains("maintenance"))
    }
}
