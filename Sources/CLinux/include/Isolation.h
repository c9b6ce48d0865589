#pragma once

// SPDX-License-Identifier: Apache-2.0
// What keeps a child away from the process that started it: Landlock (Linux 5.19 and newer), users, limits.

#include <stdint.h>
#include <sys/types.h>

/// Hides the calling process from the other processes of its user: they cannot read its memory, environment or
/// descriptors, cannot see its working directory, and cannot trace it. The next exec undoes it. 0, or -1 and errno.
int stoker_hide_process(void);

/// Whether ``stoker_hide_process`` is in force.
int stoker_is_hidden(void);

/// Overwrites a word in the command line that the kernel shows to everybody (`/proc/PID/cmdline`), wherever it occurs.
void stoker_blot_command_line(const char *word);

/// Overwrites all of the command line but the program's name and its first argument.
void stoker_blot_arguments(void);

/// The version of the kernel's Landlock; 0 when it has none, or it is switched off.
int stoker_landlock_version(void);

/// The oldest version that Stoker uses: older ones allow no move of a file between directories (Linux 5.19).
#define STOKER_LANDLOCK_OLDEST 2
/// The oldest version that keeps a process from signalling those outside, and from abstract unix sockets (Linux 6.12).
#define STOKER_LANDLOCK_SCOPES 6

/// What a rule allows, beneath a directory or for one file.
enum {
    /// To list directories.
    STOKER_ALLOW_LISTING = 0,
    /// To read and to execute.
    STOKER_ALLOW_READING = 1,
    /// To read, execute, write, make and remove; no device files are made.
    STOKER_ALLOW_WRITING = 2,
};

/// An empty set of rules: a process that is restricted by it can open no file. A descriptor, closed on exec, or -1 and
/// errno.
int stoker_ruleset(void);

/// Allows everything beneath `path`, or the one file. A path that does not exist is ignored. 0, or -1 and errno.
int stoker_ruleset_allow(int ruleset, const char *path, int allowance);

/// The restrictions that a child gets when it is started.
struct stoker_confinement {
    /// A set of rules; -1: none.
    int ruleset;
    /// Whether the child may gain no privileges, so that setuid programs do not help it. Landlock's rules need this.
    int no_new_privileges;
    /// The user and group that the child changes to, without supplementary groups; -1: no change.
    int64_t user, group;
    /// The umask of the child; -1: the caller's own.
    int64_t mask;
    /// Limits for `setrlimit`; -1: as the caller's own. A limit above the caller's own hard limit is that.
    int64_t processes, open_files, file_size;
};

/// Restricts the calling thread for ever. It only makes system calls, so it may be called between fork and exec. 0, or
/// an errno.
int stoker_confine(const struct stoker_confinement *confinement);

/// Whether the caller may become this user and group.
int stoker_may_become(uint32_t user, uint32_t group);

/// Changes the owner of a directory and its content: of everything, or only of the directory and its entries. It
/// follows no link, and leaves files with a second name and the entry `except` alone. 0, or -1 and errno.
int stoker_hand_over(const char *directory, uint32_t user, uint32_t group, int deep, const char *except);
