// SPDX-License-Identifier: Apache-2.0

/// Numbers with a fraction, for people.
enum Figures {
    /// `95.1%`
    static func percent(_ share: Double) -> String { number(share * 100, decimals: 1) + "%" }

    /// `0.12s`, `42s`, `3.5m`
    static func seconds(_ seconds: Double) -> String {
        seconds < 10
            ? number(seconds) + "s"
            : seconds < 120 ? "\(Int(seconds.rounded()))s" : number(seconds / 60, decimals: 1) + "m"
    }

    /// With one or two decimals.
    static func number(_ value: Double, decimals: Int = 2) -> String {
        let scale = decimals == 1 ? 10 : 100
        let scaled = Int((value * Double(scale)).rounded())
        let fraction = "\(abs(scaled) % scale)"
        return "\(scaled / scale)." + String(repeating: "0", count: decimals - fraction.count) + fraction
    }
}
