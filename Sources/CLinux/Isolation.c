// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "Isolation.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// The kernel's interface, as include/uapi/linux/landlock.h has it: the headers of the machine that builds may be older than
// the kernel of the one that runs.
struct ruleset_attributes {
    uint64_t files, network, scopes;
};
struct __attribute__((packed)) beneath_attributes {
    uint64_t allowed;
    int32_t parent;
};
enum {
    create_ruleset = 444,
    add_rule = 445,
    restrict_self = 446,
    version_flag = 1,
    rule_path_beneath = 1,
};
enum {
    execute = 1 << 0,
    write_file = 1 << 1,
    read_file = 1 << 2,
    read_directory = 1 << 3,
    remove_directory = 1 << 4,
    remove_file = 1 << 5,
    make_character_device = 1 << 6,
    make_directory = 1 << 7,
    make_file = 1 << 8,
    make_socket = 1 << 9,
    make_fifo = 1 << 10,
    make_block_device = 1 << 11,
    make_link = 1 << 12,
    refer = 1 << 13,
    truncate_file = 1 << 14,
    scope_abstract_sockets = 1 << 0,
    scope_signals = 1 << 1,
};
static const uint64_t for_files = execute | write_file | read_file | truncate_file;

int stoker_hide_process(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

int stoker_is_hidden(void) { return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0; }

/// The command line as it lies in memory, each word with its zero; `*length` is 0 when it is not to be had.
static char *command_line(size_t *length) {
    char buffer[4096];
    ssize_t count;
    *length = 0;
    int file = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    if (file < 0) return NULL;
    while ((count = read(file, buffer, sizeof buffer)) > 0) *length += (size_t)count;
    close(file);
    // Where the kernel has put it: words follow each other (execve(2)).
    return program_invocation_name;
}

void stoker_blot_command_line(const char *word) {
    size_t length, count = strlen(word);
    char *text = command_line(&length), *end = text + length;
    if (count == 0 || length == 0) return;
    while (text < end && (text = memmem(text, (size_t)(end - text), word, count)) != NULL) {
        memset(text, '*', count);
        text += count;
    }
}

void stoker_blot_arguments(void) {
    size_t length;
    char *text = command_line(&length), *end = text + length;
    if (length == 0) return;
    for (int word = 0; text < end; word++) {
        size_t count = strnlen(text, (size_t)(end - text));
        if (word > 1) memset(text, '*', count);
        text += count + 1;
    }
}

int stoker_landlock_version(void) {
    long version = syscall(create_ruleset, NULL, (size_t)0, version_flag);
    return version < 0 ? 0 : (int)version;
}

/// All that the version can refuse.
static uint64_t handled(int version) {
    return ((uint64_t)(refer << 1) - 1) | (version >= 3 ? truncate_file : 0);
}

int stoker_ruleset(void) {
    int version = stoker_landlock_version();
    if (version < STOKER_LANDLOCK_OLDEST) {
        errno = EOPNOTSUPP;
        return -1;
    }
    struct ruleset_attributes attributes = {.files = handled(version)};
    // The size tells the kernel what the caller knows of; it refuses one that is beyond its own.
    size_t size = sizeof attributes.files;
    if (version >= STOKER_LANDLOCK_SCOPES) {
        attributes.scopes = scope_abstract_sockets | scope_signals;
        size = sizeof attributes;
    }
    return (int)syscall(create_ruleset, &attributes, size, 0);
}

int stoker_ruleset_allow(int ruleset, const char *path, int allowance) {
    static const uint64_t allowances[] = {
        [STOKER_ALLOW_LISTING] = read_directory,
        [STOKER_ALLOW_READING] = read_directory | read_file | execute,
        [STOKER_ALLOW_WRITING] = read_directory | read_file | execute | write_file | truncate_file | remove_directory |
                                 remove_file | make_directory | make_file | make_socket | make_fifo | make_link | refer,
    };
    struct stat information;
    int file = open(path, O_PATH | O_CLOEXEC);
    if (file < 0) return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : -1;
    struct beneath_attributes rule = {.allowed = allowances[allowance] & handled(stoker_landlock_version()), .parent = file};
    if (fstat(file, &information) == 0 && !S_ISDIR(information.st_mode)) rule.allowed &= for_files;
    long added = rule.allowed == 0 ? 0 : syscall(add_rule, ruleset, rule_path_beneath, &rule, 0);
    int error = errno;
    close(file);
    errno = error;
    return added < 0 ? -1 : 0;
}

static int limit(__rlimit_resource_t resource, int64_t value, int also_soft) {
    struct rlimit limits;
    if (value < 0) return 0;
    if (getrlimit(resource, &limits) < 0) return errno;
    rlim_t wanted = (rlim_t)value;
    if (limits.rlim_max != RLIM_INFINITY && limits.rlim_max < wanted) wanted = limits.rlim_max;
    limits.rlim_max = wanted;
    if (also_soft || limits.rlim_cur == RLIM_INFINITY || limits.rlim_cur > wanted) limits.rlim_cur = wanted;
    return setrlimit(resource, &limits) < 0 ? errno : 0;
}

int stoker_confine(const struct stoker_confinement *confinement) {
    int error = limit(RLIMIT_CORE, 0, 1);
    if (error == 0) error = limit(RLIMIT_FSIZE, confinement->file_size, 1);
    // The soft limit stays where programs expect it, which scan all descriptors up to it.
    if (error == 0) error = limit(RLIMIT_NOFILE, confinement->open_files, 0);
    if (error == 0) error = limit(RLIMIT_NPROC, confinement->processes, 1);
    if (error != 0) return error;

    // Those that are closed on exec anyway, and any that are not. Kernels before 5.11 know no such flag.
    (void)syscall(SYS_close_range, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */);

    if (confinement->mask >= 0) umask((mode_t)confinement->mask);
    if (confinement->group >= 0) {
        if (syscall(SYS_setgroups, (size_t)0, NULL) < 0) return errno;
        gid_t group = (gid_t)confinement->group;
        if (syscall(SYS_setresgid, group, group, group) < 0) return errno;
    }
    if (confinement->user >= 0) {
        uid_t user = (uid_t)confinement->user;
        if (syscall(SYS_setresuid, user, user, user) < 0) return errno;
    }
    if (confinement->no_new_privileges || confinement->ruleset >= 0)
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return errno;
    if (confinement->ruleset >= 0 && syscall(restrict_self, confinement->ruleset, 0) < 0) return errno;
    return 0;
}

/// Whether the identifier has a meaning in this namespace of users.
static int is_mapped(const char *map, uint32_t identifier) {
    FILE *file = fopen(map, "re");
    unsigned long long first, outside, count;
    int found = file == NULL;
    if (file == NULL) return 1;
    while (!found && fscanf(file, "%llu %llu %llu", &first, &outside, &count) == 3)
        found = identifier >= first && identifier - first < count;
    fclose(file);
    return found;
}

int stoker_may_become(uint32_t user, uint32_t group) {
    char text[64];
    unsigned long long effective = 0;
    // CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_KILL, CAP_SETGID, CAP_SETUID: to become it, and to clean up after it.
    const unsigned long long needed = 1ULL << 0 | 1ULL << 1 | 1ULL << 3 | 1ULL << 5 | 1ULL << 6 | 1ULL << 7;
    FILE *file = fopen("/proc/self/status", "re");
    if (file == NULL) return 0;
    char line[256];
    while (fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "%63[^:]: %llx", text, &effective) == 2 && strcmp(text, "CapEff") == 0) break;
        else effective = 0;
    fclose(file);
    return (effective & needed) == needed && is_mapped("/proc/self/uid_map", user) && is_mapped("/proc/self/gid_map", group);
}

/// The directory is open, and closed here.
static int hand_over_entries(int directory, uint32_t user, uint32_t group, int deep, const char *except) {
    DIR *stream = fdopendir(directory);
    if (stream == NULL) {
        int error = errno;
        close(directory);
        errno = error;
        return -1;
    }
    int result = 0;
    for (struct dirent *entry; result == 0 && (entry = readdir(stream)) != NULL;) {
        const char *name = entry->d_name;
        struct stat information;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || (except != NULL && strcmp(name, except) == 0)) continue;
        if (fstatat(directory, name, &information, AT_SYMLINK_NOFOLLOW) < 0) continue;
        if (S_ISDIR(information.st_mode)) {
            int child = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            // Another file by now: nothing of ours.
            if (child < 0) continue;
            if (fchown(child, user, group) < 0) result = -1;
            if (deep && result == 0) result = hand_over_entries(child, user, group, deep, NULL);
            else close(child);
            continue;
        }
        int file = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (file < 0) continue;
        // Looked at again through the descriptor, which no longer changes.
        if (fstat(file, &information) == 0 && information.st_nlink == 1 && !S_ISDIR(information.st_mode) &&
            (information.st_uid != user || information.st_gid != group) &&
            fchownat(file, "", user, group, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0)
            result = -1;
        close(file);
    }
    int error = errno;
    closedir(stream);
    errno = error;
    return result;
}

int stoker_hand_over(const char *path, uint32_t user, uint32_t group, int deep, const char *except) {
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0) return -1;
    if (fchown(directory, user, group) < 0) {
        int error = errno;
        close(directory);
        errno = error;
        return -1;
    }
    return hand_over_entries(directory, user, group, deep, except);
}
