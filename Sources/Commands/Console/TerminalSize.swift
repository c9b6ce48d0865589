// SPDX-License-Identifier: Apache-2.0

import CTerminal

/// How much a terminal shows.
struct TerminalSize: Hashable, Sendable {
    let rows: Int
    let columns: Int

    init(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
    }

    /// That of the terminal behind a descriptor; `nil` when there is none, or it does not say.
    init?(descriptor: Int32) {
        let size = stoker_terminal_size(descriptor)
        self.init(rows: Int(size >> 16), columns: Int(size & 0xffff))
        guard rows > 0, columns > 0 else { return nil }
    }
}
