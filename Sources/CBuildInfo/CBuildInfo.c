// SPDX-License-Identifier: Apache-2.0
#include "CBuildInfo.h"

static const char version[] = STOKER_VERSION;

char stoker_version_byte(int index) { return index >= 0 && index < (int)sizeof version ? version[index] : 0; }
