// SPDX-License-Identifier: Apache-2.0
#include "CTerminal.h"

#include <sys/ioctl.h>

// ioctl is variadic, so Swift cannot call it.
uint32_t stoker_terminal_size(int descriptor) {
    struct winsize size;
    if (ioctl(descriptor, TIOCGWINSZ, &size) != 0) return 0;
    return (uint32_t)size.ws_row << 16 | size.ws_col;
}
