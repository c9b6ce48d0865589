#pragma once

// SPDX-License-Identifier: Apache-2.0
// What it takes to be the first process of a container, and to speak to a service manager.

#include <stddef.h>
#include <sys/types.h>

/// A second process that goes on from here: in a group of its own, killed by the kernel when the caller ends. Only for a
/// process with one thread. 0 in the new one; in the caller its pid, or a negative errno, and `absence`: a descriptor that is
/// hung up once the new process has ended, and every process that it has given its ``stoker_presence``.
pid_t stoker_fork_ward(int *absence);

/// Held open by processes that the first one is to wait for, beside the program itself. -1 where nobody waits.
int stoker_presence(void);

/// Blocks every signal that is no fault of the program's own, and makes them readable without blocking. A descriptor, or
/// -1 and errno.
int stoker_init_signals(void);

/// Unblocks them again.
void stoker_unblock_signals(void);

/// Unmaps the code of the program and its libraries; the kernel maps again what is still run. A process would keep mapped all
/// that its start has touched, and what lies around it.
void stoker_forget_start(void);

/// Sends one datagram to the unix socket of that name; one that begins with '@' is abstract. 0, or -1 and errno.
int stoker_send_notice(const char *socket_name, const void *bytes, size_t count);
