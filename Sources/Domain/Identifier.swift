// SPDX-License-Identifier: Apache-2.0

/// A row's `uuid`, tagged with what it identifies, so that a job's id is never passed for a workspace's.
///
/// Ordered as Postgres orders `uuid`: byte by byte from the left.
package struct Identifier<Kind>: Hashable, Comparable, Sendable {
    /// Bytes 0 to 7, big-endian.
    package let high: UInt64
    /// Bytes 8 to 15, big-endian.
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads the canonical form, `8-4-4-4-12` hexadecimal digits in either case; `nil` for anything else.
    package init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count == 36 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        var digits = 0
        for (index, byte) in bytes.enumerated() {
            if index == 8 || index == 13 || index == 18 || index == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let value = Character(UnicodeScalar(byte)).hexDigitValue else { return nil }
            if digits < 16 {
                high = high << 4 | UInt64(value)
            } else {
                low = low << 4 | UInt64(value)
            }
            digits += 1
        }
        self.init(high: high, low: low)
    }

    /// A new random identifier (version 4, RFC 9562).
    package static func random() -> Self {
        let (high, low) = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))
        return Self(
            high: high & 0xffff_ffff_ffff_0fff | 0x4000,
            low: low & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
        )
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}

extension Identifier: CustomStringConvertible {
    /// The canonical form in lower case.
    package var description: String {
        var text = ""
        text.reserveCapacity(36)
        for position in 0..<32 {
            if position == 8 || position == 12 || position == 16 || position == 20 { text.append("-") }
            let word = position < 16 ? high : low
            let digit = word >> UInt64((15 - position % 16) * 4) & 0xf
            text.append(Character(UnicodeScalar(UInt8(digit < 10 ? 48 + digit : 87 + digit))))
        }
        return text
    }
}

extension Identifier: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Self(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is not a UUID")
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// The tags of identifiers. They have no cases.
package enum Kind {
    /// The kinds of identifiers: one for each table that has them.
    package enum Organization {}
    package enum User {}
    package enum File {}
    package enum Template {}
    package enum TemplateVersion {}
    package enum Preset {}
    package enum Workspace {}
    package enum Build {}
    package enum Job {}
    package enum Worker {}
    package enum Claim {}
    package enum Event {}
    package enum Endpoint {}
    package enum Delivery {}
    package enum Token {}
    package enum Rollout {}
}

/// An identifier of each kind, under the name that signatures use.
package typealias OrganizationID = Identifier<Kind.Organization>
package typealias UserID = Identifier<Kind.User>
package typealias FileID = Identifier<Kind.File>
package typealias TemplateID = Identifier<Kind.Template>
package typealias TemplateVersionID = Identifier<Kind.TemplateVersion>
package typealias PresetID = Identifier<Kind.Preset>
package typealias WorkspaceID = Identifier<Kind.Workspace>
package typealias BuildID = Identifier<Kind.Build>
package typealias JobID = Identifier<Kind.Job>
package typealias WorkerID = Identifier<Kind.Worker>
package typealias ClaimID = Identifier<Kind.Claim>
package typealias EventID = Identifier<Kind.Event>
package typealias EndpointID = Identifier<Kind.Endpoint>
package typealias DeliveryID = Identifier<Kind.Delivery>
package typealias TokenID = Identifier<Kind.Token>
package typealias RolloutID = Identifier<Kind.Rollout>
