// SPDX-License-Identifier: Apache-2.0

import Domain
import Prebuilds
import Testing

@Suite struct PresetValidationsTests {
    private let validations = PresetValidations()

    private func problems(_ presets: PresetSnapshot...) -> [Int] {
        validations.problems(of: presets).map(\.count)
    }

    @Test func `what is known stands, and what is changed counts at once`() {
        let preset = Fixtures.preset(desired: 1)
        let lacking = preset.with { $0.values = [:] }
        #expect(problems(preset, Fixtures.preset(2, desired: 1)) == [0, 0])
        #expect(problems(lacking) == [1])
        #expect(problems(lacking) == [1])
        #expect(problems(preset) == [0])
        #expect(problems(preset.with { $0.parameters = [VersionParameter(name: "test", type: "number")] }) == [1])
    }

    @Test func `a preset is validated once, not in each pass`() {
        let long = String(repeating: "a", count: 4_000)
        let rule = ParameterValidation(regex: String(repeating: "a?", count: 50) + "b")
        let preset = Fixtures.preset(desired: 1).with {
            $0.parameters = [VersionParameter(name: "test", validation: rule)]
            $0.values = ["test": long]
        }
        let first = ContinuousClock().measure { #expect(problems(preset) == [1]) }
        let next = ContinuousClock().measure { #expect(problems(preset) == [1]) }
        #expect(next < first / 10)
    }

    @Test func `nothing is said of presets that are not active, or whose version is not ready`() {
        let lacking = Fixtures.preset(desired: 1).with { $0.values = [:] }
        #expect(
            problems(lacking.with { $0.isActive = false }, lacking.with { $0.versionReadiness = .importing }) == [0, 0]
        )
    }
}
