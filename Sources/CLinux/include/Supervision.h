#pragma once

// SPDX-License-Identifier: Apache-2.0
// What a program needs to be the first process of a container, and to talk to a service manager.

#include <stddef.h>
#include <sys/types.h>

/// Forks. The new process has a process group of its own, and the kernel kills it when the caller ends. Only for a
/// process with one thread. Returns 0 in the new process; in the caller its pid or a negative errno, and `absence`: a
/// descriptor that reports a hang-up once the new process and every process that holds its ``stoker_presence`` have
/// ended.
pid_t stoker_fork_ward(int *absence);

/// A descriptor that processes hold open when the first process shall wait for them as well; -1 where no process waits.
int stoker_presence(void);

/// Blocks every signal except those of the program's own faults, and makes them readable without blocking. A
/// descriptor, or -1 and errno.
int stoker_init_signals(void);

/// Unblocks them again.
void stoker_unblock_signals(void);

/// Unmaps the code of the program and its libraries; the kernel maps again what is still run. Otherwise a process keeps
/// all pages mapped that its start has touched, and their neighbours.
void stoker_forget_start(void);

/// Sends one datagram to the unix socket of that name; a name that begins with '@' is abstract. 0, or -1 and errno.
int stoker_send_notice(const char *socket_name, const void *bytes, size_t count);
