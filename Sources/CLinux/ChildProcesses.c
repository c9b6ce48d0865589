// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "ChildProcesses.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

pid_t stoker_spawn_session(const char *path, char *const argv[], char *const envp[], const char *directory,
                           const int *descriptors, int count) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    pid_t pid = -1;
    int moved[16];
    int error = 0;

    if (count > 16) return -EINVAL;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

    // A descriptor below `count` could be overwritten before its turn comes, so all are moved above first.
    for (int i = 0; i < count; i++) {
        moved[i] = -1;
        if (descriptors[i] < 0) {
            posix_spawn_file_actions_addopen(&actions, i, "/dev/null", O_RDWR, 0);
            continue;
        }
        moved[i] = fcntl(descriptors[i], F_DUPFD_CLOEXEC, count);
        if (moved[i] < 0) error = errno;
        else posix_spawn_file_actions_adddup2(&actions, moved[i], i);
    }
    posix_spawn_file_actions_addclosefrom_np(&actions, count);
    posix_spawn_file_actions_addchdir_np(&actions, directory);
    if (error == 0) error = posix_spawn(&pid, path, &actions, &attributes, argv, envp);

    for (int i = 0; i < count; i++)
        if (moved[i] >= 0) close(moved[i]);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return error == 0 ? pid : -error;
}

pid_t stoker_spawn_ward(const char *path, char *const argv[], const struct stoker_confinement *confinement) {
    int report[2];
    pid_t parent = getpid();
    if (pipe2(report, O_CLOEXEC) < 0) return -errno;

    pid_t pid = fork();
    if (pid < 0) {
        int error = errno;
        close(report[0]);
        close(report[1]);
        return -error;
    }
    if (pid == 0) {
        sigset_t none;
        setpgid(0, 0);
        int error = stoker_confine(confinement);
        // A change of user takes this back, so it comes after.
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        if (getppid() != parent) _exit(127);
        if (error == 0) {
            sigemptyset(&none);
            sigprocmask(SIG_SETMASK, &none, NULL);
            execv(path, argv);
            error = errno;
        }
        while (write(report[1], &error, sizeof error) < 0 && errno == EINTR) {}
        _exit(127);
    }
    close(report[1]);
    // Both set it, so that the group exists whoever comes first.
    setpgid(pid, pid);
    int error = 0;
    ssize_t count;
    while ((count = read(report[0], &error, sizeof error)) < 0 && errno == EINTR) {}
    close(report[0]);
    return count == sizeof error ? -error : pid;
}

int stoker_pipe(int descriptors[2]) {
    if (pipe2(descriptors, O_CLOEXEC) < 0) return -1;
    // What a child prints while its reader is frozen should fit; where it may not be so large, it stays as it is.
    (void)fcntl(descriptors[1], F_SETPIPE_SZ, 1 << 20);
    return 0;
}

int stoker_message_sockets(int descriptors[2]) {
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, descriptors);
}

int stoker_send_message(int socket, const void *bytes, size_t count) {
    ssize_t sent;
    while ((sent = send(socket, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT)) < 0 && errno == EINTR) {}
    return sent < 0 ? -1 : 0;
}

int stoker_guard_signals(void) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0) return -1;
    return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

int stoker_next_signal(int descriptor) {
    struct signalfd_siginfo info;
    ssize_t count;
    while ((count = read(descriptor, &info, sizeof info)) < 0 && errno == EINTR) {}
    return count == sizeof info ? (int)info.ssi_signo : 0;
}

int64_t stoker_boot_time(void) {
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int stoker_boot_timer(void) { return timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK); }

void stoker_set_boot_timer(int descriptor, int64_t nanoseconds) {
    struct itimerspec setting;
    memset(&setting, 0, sizeof setting);
    if (nanoseconds > 0) {
        setting.it_value.tv_sec = nanoseconds / 1000000000;
        setting.it_value.tv_nsec = nanoseconds % 1000000000;
    }
    timerfd_settime(descriptor, TFD_TIMER_ABSTIME, &setting, NULL);
}

int stoker_memory_file(const char *name) { return memfd_create(name, MFD_CLOEXEC); }

int stoker_copy_file(int from, int to) {
    char buffer[65536];
    ssize_t count;
    while ((count = copy_file_range(from, NULL, to, NULL, 1 << 30, 0)) != 0)
        if (count < 0 && errno != EINTR) break;
    if (count == 0) return 0;
    if (errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP) return -1;

    for (;;) {
        count = read(from, buffer, sizeof buffer);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return (int)count;
        for (ssize_t done = 0; done < count;) {
            ssize_t written = write(to, buffer + done, count - done);
            if (written < 0 && errno != EINTR) return -1;
            if (written > 0) done += written;
        }
    }
}

int stoker_watch_directory(const char *path) {
    int descriptor = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (descriptor < 0) return -1;
    if (inotify_add_watch(descriptor, path, IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO) < 0) {
        int error = errno;
        close(descriptor);
        errno = error;
        return -1;
    }
    return descriptor;
}

int stoker_watch_mentions(int descriptor, const char *name) {
    char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    int mentioned = 0;
    for (;;) {
        ssize_t count = read(descriptor, buffer, sizeof buffer);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return mentioned;
        for (char *at = buffer; at < buffer + count;) {
            struct inotify_event *event = (struct inotify_event *)at;
            if (event->mask & IN_Q_OVERFLOW) mentioned = 1;
            if (event->len > 0 && strcmp(event->name, name) == 0) mentioned = 1;
            at += sizeof *event + event->len;
        }
    }
}

/// The parent of a process, or -1 when it has ended.
static pid_t parent_of(pid_t process) {
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)process);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return -1;
    ssize_t count = read(file, text, sizeof text - 1);
    close(file);
    if (count <= 0) return -1;
    text[count] = '\0';
    // The name may hold anything, parentheses too: what follows the last one is numbers.
    char *rest = strrchr(text, ')');
    char state;
    int parent;
    if (rest == NULL || sscanf(rest + 1, " %c %d", &state, &parent) != 2) return -1;
    return parent;
}

int stoker_each_descendant(void (*visit)(pid_t, void *), void *context) {
    return stoker_each_descendant_of(getpid(), visit, context);
}

int stoker_each_descendant_of(pid_t ancestor, void (*visit)(pid_t, void *), void *context) {
    struct pair { pid_t process, parent; } *all = NULL;
    size_t count = 0, room = 0;
    DIR *directory = opendir("/proc");
    if (directory == NULL) return 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        pid_t process = (pid_t)atoi(entry->d_name);
        pid_t parent = process > 0 ? parent_of(process) : -1;
        if (parent < 0) continue;
        if (count == room) {
            room = room == 0 ? 256 : room * 2;
            struct pair *larger = realloc(all, room * sizeof *all);
            if (larger == NULL) break;
            all = larger;
        }
        all[count++] = (struct pair){process, parent};
    }
    closedir(directory);

    // Breadth first: found descendants are gathered at the front.
    size_t found = 0;
    pid_t parent = ancestor;
    for (size_t next = 0;; parent = all[next++].process) {
        for (size_t i = found; i < count; i++) {
            if (all[i].parent != parent) continue;
            struct pair child = all[i];
            all[i] = all[found];
            all[found++] = child;
            visit(child.process, context);
        }
        if (next == found) break;
    }
    free(all);
    return (int)found;
}
