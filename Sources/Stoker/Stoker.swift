// SPDX-License-Identifier: Apache-2.0

import Commands

@main
enum Stoker {
    static func main() {
        Program.main()
    }
}
