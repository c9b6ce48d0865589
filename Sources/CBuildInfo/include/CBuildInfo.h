#pragma once

// SPDX-License-Identifier: Apache-2.0
// What this build was told about itself. One small file, so that another version compiles nothing else again.

/// The byte of the version's text at the index, from 0; 0 at its end and when the build was told none.
char stoker_version_byte(int index);
