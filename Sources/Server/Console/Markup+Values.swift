// SPDX-License-Identifier: Apache-2.0

import Basics
import Time

/// How good or bad something is, which chooses its colour and its sign.
enum Tone: String, Sendable {
    case good, warn, bad, busy, calm

    /// Colour alone says nothing to some people.
    var sign: String {
        switch self {
        case .good: "✓"
        case .warn: "!"
        case .bad: "✕"
        case .busy: "◔"
        case .calm: "–"
        }
    }
}

extension Markup {
    /// A state in a word or two.
    static func pill(_ text: String, _ tone: Tone) -> Markup {
        """
        <span class="pill \(tone.rawValue)"><span class="sign" aria-hidden="true">\(tone.sign)</span>\(text)</span>
        """
    }

    static func link(_ text: String, _ address: String) -> Markup { "<a href=\"\(address)\">\(text)</a>" }

    /// An identifier, short, that a click copies whole.
    static func identifier(_ id: String) -> Markup {
        """
        <button type="button" class="id" data-copy="\(id)" title="Copy \(id)" aria-label="Copy \(id)">\
        \(String(id.prefix(8)))</button>
        """
    }

    /// A moment: how long ago, with the exact time on hover. The browser keeps it up to date.
    static func moment(_ instant: Instant?, now: Instant) -> Markup {
        guard let instant else { return "<span class=\"soft\">–</span>" }
        guard instant != .distantFuture else { return "until resumed" }
        return """
            <time datetime="\(instant.iso8601)" title="\(exact(instant))">\(RelativeTime.text(instant, now: now))</time>
            """
    }

    /// How long something has lasted, or lasted.
    static func span(from start: Instant?, to end: Instant?, now: Instant) -> Markup {
        guard let start else { return "<span class=\"soft\">–</span>" }
        guard let end else {
            return """
                <time data-since datetime="\(start.iso8601)" title="since \(exact(start))">\
                \(RelativeTime.length(now - start))</time>
                """
        }
        return Markup(RelativeTime.length(end - start))
    }

    static func exact(_ instant: Instant) -> String {
        String(instant.iso8601.prefix(19)).replacing("T", with: " ") + " UTC"
    }

    /// How much of something is in use, as a bar.
    static func meter(_ used: Int, of total: Int, tone: Tone) -> Markup {
        let share = total > 0 ? min(used * 100 / total, 100) : 0
        return """
            <svg class="meter \(tone.rawValue)" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">\
            <rect class="all" width="100" height="4"/><rect class="part" width="\(share)" height="4"/></svg>
            """
    }
}

/// Moments relative to now, and lengths of time, for people.
enum RelativeTime {
    static func text(_ instant: Instant, now: Instant) -> String {
        let seconds = (now - instant).components.seconds
        if abs(seconds) < 2 { return "now" }
        return seconds > 0 ? "\(length(.seconds(seconds))) ago" : "in \(length(.seconds(-seconds)))"
    }

    /// The two largest units at most.
    static func length(_ duration: Duration) -> String {
        let seconds = max(duration.components.seconds, 0)
        switch seconds {
        case ..<60: return "\(seconds) s"
        case ..<600: return seconds % 60 == 0 ? "\(seconds / 60) min" : "\(seconds / 60) min \(seconds % 60) s"
        case ..<3_600: return "\(seconds / 60) min"
        case ..<36_000:
            return seconds % 3_600 < 60 ? "\(seconds / 3_600) h" : "\(seconds / 3_600) h \(seconds % 3_600 / 60) min"
        case ..<172_800: return "\(seconds / 3_600) h"
        default: return "\(seconds / 86_400) d"
        }
    }
}

extension Markup {
    /// Names with values.
    static func facts(_ facts: [(name: String, value: Markup)]) -> Markup {
        "<dl class=\"facts\">\(facts.map { "<div><dt>\($0.name)</dt><dd>\($0.value)</dd></div>" as Markup })</dl>"
    }
}
