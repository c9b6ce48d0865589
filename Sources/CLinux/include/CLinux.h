#pragma once

// Linux calls that Swift's Glibc module does not export, or cannot call because they are variadic.

#include <stdint.h>
#include <sys/types.h>

/// An eventfd, non-blocking and closed on exec; -1 and errno on failure.
int stoker_eventfd(void);

/// Wakes whoever polls the eventfd. Safe from any thread and from a signal handler.
void stoker_eventfd_signal(int descriptor);

/// Takes all pending signals off the eventfd.
void stoker_eventfd_drain(int descriptor);

/// Names the calling thread, cut to 15 bytes.
void stoker_name_thread(const char *name);

/// Children orphaned by a descendant become ours instead of init's. 0, or -1 and errno.
int stoker_become_subreaper(void);

/// Asks the kernel to send `signal` to this process when its parent thread ends. 0, or -1 and errno.
int stoker_set_parent_death_signal(int signal);

/// Makes the descriptor non-blocking. 0, or -1 and errno.
int stoker_set_nonblocking(int descriptor);

/// Whether the socket's peer has hung up, or the socket is broken. Does not wait.
int stoker_peer_has_closed(int socket);
