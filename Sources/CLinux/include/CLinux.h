#pragma once

// Linux calls that Swift's Glibc module does not export, or cannot call because they are variadic.

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "ChildProcesses.h"
#include "Isolation.h"
#include "Supervision.h"

/// An eventfd, non-blocking and closed on exec; -1 and errno on failure.
int stoker_eventfd(void);

/// Wakes whoever polls the eventfd. Safe from any thread and from a signal handler.
void stoker_eventfd_signal(int descriptor);

/// Takes all pending signals off the eventfd.
void stoker_eventfd_drain(int descriptor);

/// Names the calling thread, cut to 15 bytes.
void stoker_name_thread(const char *name);

/// Makes this process a subreaper: the kernel gives it the orphans among its descendants instead of process 1. 0, or -1
/// and errno.
int stoker_become_subreaper(void);

/// Asks the kernel to send `signal` to this process when its parent thread ends. 0, or -1 and errno.
int stoker_set_parent_death_signal(int signal);

/// Makes the descriptor non-blocking. 0, or -1 and errno.
int stoker_set_nonblocking(int descriptor);

/// Whether a read would not wait: there is data, or the peer has hung up, or the descriptor is broken.
int stoker_is_readable(int descriptor);

/// How many bytes wait in a pipe or socket; 0 when that cannot be told.
int stoker_readable_bytes(int descriptor);

/// The first place where the wanted bytes are found, or NULL.
const void *stoker_find_bytes(const void *bytes, size_t count, const void *wanted, size_t wanted_count);
