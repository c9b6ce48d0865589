#pragma once

// SPDX-License-Identifier: Apache-2.0
// What a process needs to start children under a guard, and to be a guard.

#include "Isolation.h"

#include <stdint.h>
#include <sys/types.h>

/// Starts `path` as the leader of a new session, in `directory`, with `descriptors[i]` as its descriptor i (-1: /dev/null)
/// and no other, default signal actions and an empty signal mask. The pid, or a negative errno.
pid_t stoker_spawn_session(const char *path, char *const argv[], char *const envp[], const char *directory,
                           const int *descriptors, int count);

/// Starts `path` in a process group of its own, with the caller's environment, confined; the kernel kills it when the caller
/// ends. Only for a process with one thread. The pid, or a negative errno, that of exec and of the confinement included.
pid_t stoker_spawn_ward(const char *path, char *const argv[], const struct stoker_confinement *confinement);

/// A pipe closed on exec: the end to read from, the end to write to. 0, or -1 and errno.
int stoker_pipe(int descriptors[2]);

/// Two connected sockets that keep message boundaries, closed on exec. 0, or -1 and errno.
int stoker_message_sockets(int descriptors[2]);

/// Sends one message without blocking and without SIGPIPE. 0, or -1 and errno.
int stoker_send_message(int socket, const void *bytes, size_t count);

/// Blocks SIGCHLD, SIGINT, SIGTERM and SIGHUP for the calling thread and makes them readable, without blocking.
int stoker_guard_signals(void);

/// The next signal's number, or 0 when none is waiting.
int stoker_next_signal(int descriptor);

/// Nanoseconds on the clock that also counts while the machine sleeps.
int64_t stoker_boot_time(void);

/// A timer on that clock, readable once its time has come. A descriptor, or -1 and errno.
int stoker_boot_timer(void);

/// Sets the timer; 0 or less stops it.
void stoker_set_boot_timer(int descriptor, int64_t nanoseconds);

/// An unnamed file in memory, closed on exec. A descriptor, or -1 and errno.
int stoker_memory_file(const char *name);

/// Copies what is left of one file into another, in the kernel where it can. 0, or -1 and errno.
int stoker_copy_file(int from, int to);

/// Watches a directory for files written or moved into it. A non-blocking descriptor, or -1 and errno.
int stoker_watch_directory(const char *path);

/// Takes all waiting events: 1 when one names `name` or events were lost, 0 when none does.
int stoker_watch_mentions(int descriptor, const char *name);

/// Calls `visit` with the id of every live descendant of the caller, children before their parents. Returns their
/// number.
int stoker_each_descendant(void (*visit)(pid_t descendant, void *context), void *context);

/// The same of another process.
int stoker_each_descendant_of(pid_t ancestor, void (*visit)(pid_t descendant, void *context), void *context);
