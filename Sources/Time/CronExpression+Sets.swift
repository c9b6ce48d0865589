// SPDX-License-Identifier: Apache-2.0

/// The moments that an expression covers, as a set: months x hours x (days x weekdays, once or twice).
///
/// Every date that exists falls on every weekday in some year, 29 February too, so days and weekdays are independent.
extension CronExpression {
    private static let allHours: UInt32 = 0xff_ffff
    private static let allDays: UInt32 = 0xffff_fffe
    private static let allMonths: UInt32 = 0x1ffe
    private static let allWeekdays: UInt32 = 0x7f

    /// The dates of a month as one or two rectangles of days and weekdays.
    private var rectangles: [(days: UInt32, weekdays: UInt32)] {
        eitherDaySuffices ? [(days, Self.allWeekdays), (Self.allDays, weekdays)] : [(days, weekdays)]
    }

    /// Whether the expression covers every moment.
    var coversAlways: Bool {
        hours == Self.allHours && months == Self.allMonths
            && rectangles.contains { $0.days == Self.allDays && $0.weekdays == Self.allWeekdays }
    }

    /// Whether the expression covers no moment: it names only dates that do not exist, such as 31 February.
    package var coversNothing: Bool {
        commonMoment(with: self) == nil
    }

    /// An hour that both cover, in words, such as `Monday 2 January, 09:00 to 09:59`; `nil`: there is none.
    package func overlap(with other: Self) -> String? {
        commonMoment(with: other).map { moment in
            let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
            let months = [
                "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
                "November", "December",
            ]
            let hour = moment.hour < 10 ? "0\(moment.hour)" : "\(moment.hour)"
            return "\(weekdays[moment.weekday]) \(moment.day) \(months[moment.month - 1]), \(hour):00 to \(hour):59"
        }
    }

    private func commonMoment(with other: Self) -> (month: Int, day: Int, weekday: Int, hour: Int)? {
        let hours = hours & other.hours
        let months = months & other.months
        guard hours != 0, months != 0 else { return nil }
        for left in rectangles {
            for right in other.rectangles {
                let weekdays = left.weekdays & right.weekdays
                guard weekdays != 0 else { continue }
                for month in 1...12 where months >> UInt32(month) & 1 == 1 {
                    let days = left.days & right.days & Self.days(of: month)
                    guard days != 0 else { continue }
                    return (
                        month, days.trailingZeroBitCount, weekdays.trailingZeroBitCount, hours.trailingZeroBitCount
                    )
                }
            }
        }
        return nil
    }

    private static func days(of month: Int) -> UInt32 {
        allDays & UInt32((UInt64(1) << UInt64(CivilDate.daysInMonth(month, leapYear: true) + 1)) - 1)
    }
}
