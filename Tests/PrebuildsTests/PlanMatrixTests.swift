// SPDX-License-Identifier: Apache-2.0

import Prebuilds
import Testing

/// One preset with a desired count of 1 and one existing prebuild, in every state that its latest build can be in.
@Suite struct PlanMatrixTests {
    enum Transition: CaseIterable { case start, stop, delete }
    enum Job: CaseIterable { case pending, running, succeeded, canceling, canceled, failed }

    struct Case: CustomTestStringConvertible {
        let transition: Transition
        let job: Job
        let isActive: Bool

        var testDescription: String { "\(transition) \(job), \(isActive ? "active" : "inactive")" }

        /// The prebuild as the snapshot contains it.
        var preset: PresetSnapshot {
            Fixtures.preset(desired: 1, isActive: isActive).with { preset in
                if transition == .start {
                    preset.startBuilds = [Fixtures.build(1, hasFailed: job == .failed)]
                }
                switch (transition, job) {
                case (.start, .succeeded): preset.running = [Fixtures.prebuild(1)]
                case (.start, .pending), (.start, .running), (.start, .canceling): preset.starting = 1
                case (.stop, .pending), (.stop, .running), (.stop, .canceling): preset.stopping = 1
                case (.delete, .pending), (.delete, .running), (.delete, .canceling): preset.deleting = 1
                default: break
                }
            }
        }
    }

    static let cases: [Case] = Transition.allCases.flatMap { transition in
        Job.allCases.flatMap { job in
            [true, false].map { Case(transition: transition, job: job, isActive: $0) }
        }
    }

    @Test(arguments: cases)
    func `a prebuild is kept, replaced or deleted`(example: Case) {
        let actions: [PresetAction] =
            switch (example.isActive, example.transition, example.job) {
            case (false, .start, .succeeded): [.delete(.inactive, [Fixtures.prebuild(1)])]
            case (false, _, _): []
            case (true, .start, .succeeded), (true, .start, .pending), (true, .start, .running),
                (true, .start, .canceling):
                []
            case (true, _, _): [.create(1)]
            }
        let plan = Fixtures.plan(example.preset).presets[0]
        #expect(plan.actions == actions)
        #expect(plan.withheld == [])
        #expect(plan.statusChange == nil)
    }
}
