// SPDX-License-Identifier: Apache-2.0

import Prebuilds
import Store
import Templates

extension OperationContext {
    /// Warnings about presets whose prebuilds would expire while they are built, by the duration of earlier builds.
    func expiries(of manifest: TemplateManifest) async throws -> [String] {
        let mortal = manifest.presets.map { (name: $0.name, seconds: $0.prebuilds?.ttlSeconds ?? 0) }
            .filter { $0.seconds > 0 }
        let times = try await store.buildTimes(ofTemplate: manifest.name, presets: mortal.map(\.name))
        return mortal.compactMap { preset in
            TimeToLive.warning(seconds: preset.seconds, build: times[preset.name]).map {
                "preset '\(preset.name)': \($0)"
            }
        }
    }
}
