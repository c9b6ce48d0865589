// SPDX-License-Identifier: Apache-2.0

/// The dates of HTTP headers (RFC 9110, 5.6.7), in all three forms that a recipient must read.
package enum HTTPDate {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// `nil` for other text, and for dates and times that do not exist.
    package static func parse(_ text: String) -> Instant? {
        let words = text.split(whereSeparator: { $0 == " " || $0 == "-" || $0 == "," }).map(String.init)
        switch words.count {
        // Sun, 06 Nov 1994 08:49:37 GMT, and with a year of two digits Sunday, 06-Nov-94 08:49:37 GMT
        case 6 where words[5] == "GMT":
            return instant(year: words[3], month: words[2], day: words[1], time: words[4])
        // Sun Nov  6 08:49:37 1994
        case 5:
            return instant(year: words[4], month: words[1], day: words[2], time: words[3])
        default:
            return nil
        }
    }

    private static func instant(year: String, month: String, day: String, time: String) -> Instant? {
        guard let month = months.firstIndex(of: month) else { return nil }
        // Years of two digits are taken as 1970 to 2069.
        let year = year.utf8.count == 2 ? (year < "70" ? "20" : "19") + year : year
        return Instant(iso8601: "\(year)-\(padded("\(month + 1)"))-\(padded(day))T\(time)Z")
    }

    private static func padded(_ number: String) -> String {
        number.utf8.count == 1 ? "0" + number : number
    }
}
