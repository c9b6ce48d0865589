// SPDX-License-Identifier: Apache-2.0

import Domain
import Templates
import Testing

/// `lifetime` of `stoker.yaml`.
@Suite struct LifetimeManifestTests {
    private func read(_ lifetime: String) throws(TemplateErrors) -> Lifetime {
        try TemplateManifest(yaml: "name: x\nprovisioner: echo\nlifetime: \(lifetime)", timeZoneExists: isTestZone)
            .lifetime
    }

    @Test func `all rules are read, and none is needed`() throws {
        let all = "{ default: 8h, max: 7d, warn_before: 15m, dormant_after: 14d, delete_after: 30d }"
        #expect(
            try read(all)
                == Lifetime(
                    defaultSeconds: 28_800,
                    maxSeconds: 604_800,
                    warnSeconds: 900,
                    dormantSeconds: 1_209_600,
                    deleteSeconds: 2_592_000
                )
        )
        #expect(try read("{ warn_before: 0 }") == Lifetime(warnSeconds: 0))
        #expect(try read("{}") == Lifetime())
    }

    @Test(arguments: [
        ("{ default: 2d, max: 1d }", "lifetime.default: the default is longer than the maximum"),
        ("{ max: 0 }", "lifetime.max: expected more than 0"), ("{ max: soon }", "lifetime.max: expected a duration"),
        ("{ delete_after: 1d }", "lifetime.delete_after: only dormant workspaces are deleted"),
        ("{ warn_before: 31d }", "lifetime.warn_before: expected at most 30d"),
        ("{ maximum: 1d }", "lifetime.maximum: there is no such key"), ("8h", "expected a mapping"),
    ])
    func `a wrong rule is refused with its place`(lifetime: String, words: String) {
        let errors = #expect(throws: TemplateErrors.self) { try read(lifetime) }
        let texts = errors?.errors.map { "\($0.field): \($0.message)" } ?? []
        #expect(texts.count == 1 && texts[0].contains(words), "\(texts)")
        #expect(errors?.errors.first?.line == 3)
    }
}
