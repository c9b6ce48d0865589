// SPDX-License-Identifier: Apache-2.0

/// Why a pool has its size, when an override or autoscaling has a part in it. Its numbers change only with the size.
package struct PlannedSize: Hashable, Sendable, Codable {
    /// What autoscaling says.
    package struct Autoscale: Hashable, Sendable, Codable {
        /// The settings in force.
        package let settings: AutoscaleSettings
        /// The size that the pool would choose.
        package let target: Int
        /// The parts of the target, in words.
        package let text: String
        /// Whether the target is the size. Otherwise it is advice.
        package let decides: Bool
        /// Only while the schedule decides because a replay showed that it does better.
        package let fallback: SizingFallback?

        private enum CodingKeys: String, CodingKey {
            case target, text, decides, fallback
        }

        package init(
            settings: AutoscaleSettings,
            target: Int,
            text: String,
            decides: Bool,
            fallback: SizingFallback?
        ) {
            self.settings = settings
            self.target = target
            self.text = text
            self.decides = decides
            self.fallback = fallback
        }

        package init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            self.init(
                settings: try AutoscaleSettings(from: decoder),
                target: try container.decode(Int.self, forKey: .target),
                text: try container.decode(String.self, forKey: .text),
                decides: try container.decode(Bool.self, forKey: .decides),
                fallback: try container.decodeIfPresent(SizingFallback.self, forKey: .fallback)
            )
        }

        /// The settings' members, and the others.
        package func encode(to encoder: any Encoder) throws {
            try settings.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(target, forKey: .target)
            try container.encode(text, forKey: .text)
            try container.encode(decides, forKey: .decides)
            try container.encodeIfPresent(fallback, forKey: .fallback)
        }
    }

    package let desired: Int
    /// What the template says: its schedule's count, or its number of instances.
    package let scheduled: Int
    package let override: PoolOverride?
    package let autoscale: Autoscale?

    package init(desired: Int, scheduled: Int, override: PoolOverride?, autoscale: Autoscale?) {
        self.desired = desired
        self.scheduled = scheduled
        self.override = override
        self.autoscale = autoscale
    }

    /// Sentences for an operator: what decides, and what would.
    package var sentences: [String] {
        var sentences: [String] = []
        if let override {
            let until = override.until.map { " until \($0)" } ?? ""
            let reason = override.reason.isEmpty ? "" : " (\(override.reason))"
            sentences.append(
                "size: \(override.numbers) set by \(override.setBy)\(until)\(reason); the template says \(scheduled)"
            )
        }
        if let autoscale {
            let mode = autoscale.decides ? "" : " would be"
            sentences.append("autoscale\(mode): \(autoscale.text)")
            if let fallback = autoscale.fallback {
                sentences.append("autoscale: the schedule decides until \(fallback.until): \(fallback.message)")
            }
        }
        return sentences
    }
}

extension PoolOverride {
    /// `7 instances`, `mode apply, at most 30`.
    package var numbers: String {
        [
            instances.map { "\($0) instances" }, mode.map { "mode \($0.rawValue)" }, goal.map { "goal \($0)" },
            min.map { "at least \($0)" }, max.map { "at most \($0)" },
        ].compactMap(\.self).joined(separator: ", ")
    }
}
