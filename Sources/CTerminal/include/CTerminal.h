// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdint.h>

/// The size of the terminal, its rows in the upper and its columns in the lower 16 bits; 0 when it is no terminal or has
/// no size.
uint32_t stoker_terminal_size(int descriptor);
