// SPDX-License-Identifier: Apache-2.0

import Templates
import Testing

/// The zones that exist in these tests.
func isTestZone(_ name: String) -> Bool {
    name == "Europe/Berlin"
}

func manifest(_ yaml: String, module: String? = nil) throws(TemplateErrors) -> TemplateManifest {
    try TemplateManifest(
        yaml: yaml,
        module: module.map { [SourceFile(name: "main.tf", text: $0)] } ?? [],
        timeZoneExists: isTestZone
    )
}

/// The errors as people read them, without the file's name.
func errors(_ yaml: String, module: String? = nil) -> [String] {
    let thrown = #expect(throws: TemplateErrors.self) { try manifest(yaml, module: module) }
    return thrown?.errors.map { String($0.description.trimmingPrefix("stoker.yaml:")) } ?? []
}
