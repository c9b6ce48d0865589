// SPDX-License-Identifier: Apache-2.0

/// Writes time zone files by hand, right ones and wrong ones.
struct TZifBuilder {
    var magic = "TZif"
    var version: UInt8 = UInt8(ascii: "2")
    var leapCount = 0
    var transitions: [(moment: Int64, type: UInt8)] = []
    var offsets: [Int32] = [0]
    var footer = ""

    var bytes: [UInt8] {
        version == 0
            ? block(wide: false) : TZifBuilder(version: version).block(wide: false) + block(wide: true) + tail
    }

    private var tail: [UInt8] { Array("\n\(footer)\n".utf8) }

    private func block(wide: Bool) -> [UInt8] {
        var bytes = Array(magic.utf8) + [version] + [UInt8](repeating: 0, count: 15)
        for count in [0, 0, leapCount, transitions.count, offsets.count, 4] { bytes += bigEndian(UInt32(count)) }
        for transition in transitions {
            bytes += wide ? bigEndian(transition.moment) : bigEndian(Int32(transition.moment))
        }
        bytes += transitions.map(\.type)
        for offset in offsets { bytes += bigEndian(offset) + [0, 0] }
        bytes += Array("XXX".utf8) + [0]
        return bytes + [UInt8](repeating: 0, count: leapCount * (wide ? 12 : 8))
    }

    private func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        stride(from: value.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}
