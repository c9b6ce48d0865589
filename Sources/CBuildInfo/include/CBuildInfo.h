#pragma once

// SPDX-License-Identifier: Apache-2.0
// The version that this build was given. It is a file of its own, so that another version recompiles nothing else.

/// The byte of the version's text at the index, counted from 0. The result is 0 at the end, and when no version was
/// given.
char stoker_version_byte(int index);
