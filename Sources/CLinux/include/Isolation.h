#pragma once

// SPDX-License-Identifier: Apache-2.0
// What keeps a child away from the process that started it: Landlock (Linux 5.19 and newer), users, limits.

#include <stdint.h>
#include <sys/types.h>

/// Makes the calling process one that no other of its user may look into: not its memory, environment, descriptors, nor
/// where it works; and none may trace it. Lost with the next exec. 0, or -1 and errno.
int stoker_hide_process(void);

/// Whether ``stoker_hide_process`` is in force.
int stoker_is_hidden(void);

/// Overwrites a word where the kernel shows the command line to everybody (`/proc/PID/cmdline`), as often as it stands there.
void stoker_blot_command_line(const char *word);

/// Overwrites all of the command line but the program's name and its first argument.
void stoker_blot_arguments(void);

/// The version of the kernel's Landlock; 0 when it has none, or it is switched off.
int stoker_landlock_version(void);

/// The oldest version that is used: before it, no file could be moved from one directory to another (Linux 5.19).
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

/// An empty set of rules: whoever is restricted by it can open no file. A descriptor, closed on exec, or -1 and errno.
int stoker_ruleset(void);

/// Allows what lies beneath `path`, or the one file. A path that does not exist is passed over. 0, or -1 and errno.
int stoker_ruleset_allow(int ruleset, const char *path, int allowance);

/// What a child is given on its way.
struct stoker_confinement {
    /// A set of rules; -1: none.
    int ruleset;
    /// Whether it may gain no privileges: no setuid program helps it. Rules need it.
    int no_new_privileges;
    /// The user and group it becomes, without any further group; -1: it stays who it is.
    int64_t user, group;
    /// The permissions that its new files never have; -1: as the caller's own.
    int64_t mask;
    /// Limits for `setrlimit`; -1: as the caller's own. A limit above the caller's own hard limit is that.
    int64_t processes, open_files, file_size;
};

/// Puts the confinement on the calling process, for ever. Makes system calls only, so that it may be called between fork and
/// exec. 0, or an errno.
int stoker_confine(const struct stoker_confinement *confinement);

/// Whether the caller may become this user and group.
int stoker_may_become(uint32_t user, uint32_t group);

/// Gives a directory and what is in it to a user: all of it, or only the directory and its entries. No link is followed,
/// a file that has a second name is left as it is, and so is the entry `except`. 0, or -1 and errno.
int stoker_hand_over(const char *directory, uint32_t user, uint32_t group, int deep, const char *except);
