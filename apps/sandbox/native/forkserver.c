/*
 * The fork server's loop and the walls around what it runs, without the interpreter: this does what zygote.py,
 * confine.py and command.py do, in the same order, and touches none of the interpreter's pages on the way.
 *
 * Loaded with ctypes, so it needs a compiler but no Python headers. Where it was not built, Python does the same.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#ifndef SYS_landlock_restrict_self
#define SYS_landlock_restrict_self 446
#endif

enum { SPEC, IN, OUT, ERR, VALUES, DESCRIPTORS };
enum { SNIPPET = 'P', NETWORKED = 'L', KILL = 'K', STATUS = 'S' };
enum { SPARE = 32, SPEC_INSIDE = 4, NOT_FOUND = 127, STACK = 1 << 16 };
enum { MIB = 1 << 20 };

/* Prepared by the zygote, once. */
struct walls {
    int control;
    int ruleset; /* -1: this kernel has no Landlock */
    uint32_t inner_id;
    const char *scratch;
    const struct sock_fprog *filter;
};

/* Begins each specification: confine.Caps. */
struct caps {
    uint32_t cpu_s, memory_mb, processes, files, file_mb, disk_mb, inodes;
};

struct __attribute__((packed)) status {
    char tag;
    int32_t wait_status;
    double cpu_s;
    int64_t peak_memory_kb;
};

/* Where a process says that it could not be confined, and how it ends then. */
struct report {
    int fd;
    const char *format; /* of what was tried, and why it failed */
    int exit_status;
};

static const char SETUP_FAILED[] = "{\"setup\":\"%s: %s\"}\n";
static const struct report BEFORE = {3, SETUP_FAILED, 1};
static const struct report AS_COMMAND = {2, "%s: %s\n", NOT_FOUND};

static _Noreturn void give_up(const struct report *report, const char *step)
{
    dprintf(report->fd, report->format, step, strerror(errno));
    _exit(report->exit_status);
}

static void limit(const struct report *report, int which, rlim_t value)
{
    struct rlimit both = {value, value};
    if (setrlimit(which, &both) < 0)
        give_up(report, "setrlimit");
}

static int scratch_mount(const struct walls *walls, uint32_t disk_mb, uint32_t inodes)
{
    char options[128];
    snprintf(options, sizeof options, "size=%um,nr_inodes=%u,mode=700,uid=%u,gid=%u", disk_mb, inodes, walls->inner_id,
             walls->inner_id);
    return mount("tmpfs", walls->scratch, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOATIME, options);
}

/* The scratch directory that runs share one after the other, while none of them leaves a trace in it. */
struct scratch {
    bool mounted;
    uint32_t disk_mb, inodes;
    struct stat root;
    struct statfs space;
};

/* Look at all that an empty directory can keep: entries, attributes, extended attributes. */
static bool scratch_look(const char *path, struct stat *root, struct statfs *space)
{
    return stat(path, root) == 0 && statfs(path, space) == 0 && listxattr(path, NULL, 0) == 0;
}

static void scratch_remove(const struct walls *walls, struct scratch *scratch)
{
    if (scratch->mounted && umount2(walls->scratch, MNT_DETACH) < 0)
        _exit(1); /* what a run left there must not be found by another one */
    scratch->mounted = false;
}

/* Have an empty scratch directory of the size that this run may use; return 0, or why there is none. */
static int scratch_prepare(const struct walls *walls, struct scratch *scratch, int spec)
{
    struct caps caps;
    if (pread(spec, &caps, sizeof caps, 0) != sizeof caps)
        return EINVAL;
    if (scratch->mounted && scratch->disk_mb == caps.disk_mb && scratch->inodes == caps.inodes)
        return 0;
    scratch_remove(walls, scratch);
    if (scratch_mount(walls, caps.disk_mb, caps.inodes) < 0)
        return errno;
    scratch->mounted = true;
    scratch->disk_mb = caps.disk_mb;
    scratch->inodes = caps.inodes;
    return scratch_look(walls->scratch, &scratch->root, &scratch->space) ? 0 : errno;
}

static bool same_time(struct timespec one, struct timespec other)
{
    return one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec;
}

/* Throw the scratch directory away unless it is as it was before anybody had it. */
static void scratch_check(const struct walls *walls, struct scratch *scratch)
{
    struct stat root, *before = &scratch->root;
    struct statfs space;
    bool untouched = scratch_look(walls->scratch, &root, &space) && root.st_mode == before->st_mode
                  && root.st_uid == before->st_uid && root.st_gid == before->st_gid
                  && root.st_nlink == before->st_nlink && root.st_size == before->st_size
                  && same_time(root.st_atim, before->st_atim) && same_time(root.st_mtim, before->st_mtim)
                  && same_time(root.st_ctim, before->st_ctim) && space.f_bfree == scratch->space.f_bfree
                  && space.f_ffree == scratch->space.f_ffree;
    if (!untouched)
        scratch_remove(walls, scratch);
}

/* Make kept[i] the descriptor i and close all others but the ruleset; return its new number, or -1 without one. */
static int descriptors_keep(const int kept[], int count, int ruleset, const struct report *report)
{
    int moved[DESCRIPTORS], first_free = count;
    if (ruleset >= 0 && (ruleset = fcntl(ruleset, F_DUPFD, SPARE)) < 0)
        give_up(report, "keep the ruleset");
    for (int i = 0; i < count; i++)
        if ((moved[i] = fcntl(kept[i], F_DUPFD, SPARE)) < 0)
            give_up(report, "keep descriptors");
    for (int i = 0; i < count; i++)
        dup2(moved[i], i);
    if (ruleset >= 0)
        ruleset = dup3(ruleset, first_free++, O_CLOEXEC);
    if (syscall(SYS_close_range, first_free, ~0U, 0) < 0)
        give_up(report, "close_range");
    return ruleset;
}

static void limits_set(const struct caps *caps, const struct report *report)
{
    limit(report, RLIMIT_CORE, 1);
    limit(report, RLIMIT_MEMLOCK, 0);
    limit(report, RLIMIT_MSGQUEUE, 0);
    limit(report, RLIMIT_SIGPENDING, 64);
    limit(report, RLIMIT_STACK, 8 * MIB);
    limit(report, RLIMIT_CPU, caps->cpu_s);
    limit(report, RLIMIT_NPROC, caps->processes);
    limit(report, RLIMIT_NOFILE, caps->files);
    limit(report, RLIMIT_FSIZE, (rlim_t)caps->file_mb * MIB);
    limit(report, RLIMIT_AS, (rlim_t)caps->memory_mb * MIB);
}

static void privileges_drop(const struct caps *caps, int ruleset, const struct sock_fprog *filter,
                            const struct report *report)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2] = {{0}};
    limits_set(caps, report);
    if (syscall(SYS_capset, &header, none) < 0)
        give_up(report, "capset");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        give_up(report, "prctl");
    if (ruleset >= 0) {
        if (syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
            give_up(report, "landlock_restrict_self");
        close(ruleset);
    }
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, filter) < 0)
        give_up(report, "seccomp");
}

/* Go to the scratch directory. unprepared says why there is none, if there is none. */
static void scratch_enter(const struct walls *walls, int unprepared, const struct report *report)
{
    errno = unprepared;
    if (unprepared || chdir(walls->scratch) < 0)
        give_up(report, "mount the scratch directory");
}

/* Begin the first process of a command: no signal reaches it. */
static void command_begin(const struct walls *walls, const int fds[DESCRIPTORS], int unprepared)
{
    const struct report early = {fds[VALUES], SETUP_FAILED, 1};
    signal(SIGINT, SIG_IGN); /* the only one with a handler, so the only one that could arrive */
    scratch_enter(walls, unprepared, &early);
}

/* Put a snippet behind all walls, with 0, 1, 2: streams; 3: values; 4: the specification. */
static void confine(const struct walls *walls, const int fds[DESCRIPTORS], int unprepared)
{
    const struct report early = {fds[VALUES], SETUP_FAILED, 1};
    const int kept[DESCRIPTORS] = {fds[IN], fds[OUT], fds[ERR], fds[VALUES], fds[SPEC]};
    struct caps caps;
    if (pread(fds[SPEC], &caps, sizeof caps, 0) != sizeof caps)
        give_up(&early, "read the limits");
    if (setsid() < 0) /* a signal to one's own process group also reaches those outside the pid namespace */
        give_up(&early, "setsid");
    scratch_enter(walls, unprepared, &early);
    int ruleset = descriptors_keep(kept, DESCRIPTORS, walls->ruleset, &early);
    privileges_drop(&caps, ruleset, walls->filter, &BEFORE);
}

/* Return the kind of the next message and its descriptors; 0 when the controller went away. */
static char receive(int control, int fds[DESCRIPTORS], int *count)
{
    char kind, space[CMSG_SPACE(sizeof(int) * DESCRIPTORS)];
    struct iovec part = {&kind, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    ssize_t size;
    do
        size = recvmsg(control, &message, MSG_CMSG_CLOEXEC);
    while (size < 0 && errno == EINTR);
    if (size <= 0)
        return 0;
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    *count = rights ? (int)((rights->cmsg_len - CMSG_LEN(0)) / sizeof(int)) : 0;
    if (*count)
        memcpy(fds, CMSG_DATA(rights), *count * sizeof(int));
    return kind;
}

/* Wait for the run to end; end it when the controller says so, and everything when it goes away. */
static void watch(int control, pid_t pid, int pidfd)
{
    struct pollfd events[2] = {{pidfd, POLLIN, 0}, {control, POLLIN, 0}};
    while (!events[0].revents) {
        if (poll(events, 2, -1) < 0)
            continue;
        if (events[1].revents) {
            char word = 0;
            if (recv(control, &word, 1, 0) <= 0 || word != KILL)
                _exit(0);
            syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
        }
    }
    struct rusage used;
    struct status status = {.tag = STATUS};
    int wait_status = 0;
    while (wait4(pid, &wait_status, 0, &used) < 0 && errno == EINTR)
        ;
    close(pidfd);
    status.wait_status = wait_status;
    status.cpu_s = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
                 + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    status.peak_memory_kb = used.ru_maxrss;
    send(control, &status, sizeof status, MSG_NOSIGNAL);
}

/*
 * Clone onto the processor that this process runs on, for it will wait at once: to wake another processor takes as
 * long as a third of a short run. Both are free to move afterwards.
 */
static long clone_here(unsigned long flags, int *pidfd)
{
    cpu_set_t all, here;
    bool bound = sched_getaffinity(0, sizeof all, &all) == 0;
    CPU_ZERO(&here);
    CPU_SET(sched_getcpu(), &here);
    bound = bound && sched_setaffinity(0, sizeof here, &here) == 0;
    long pid = syscall(SYS_clone, flags, NULL, pidfd, NULL, 0);
    if (bound)
        sched_setaffinity(0, sizeof all, &all);
    return pid;
}

/*
 * Serve runs. Returns in the child that becomes one: its kind, and for a command its descriptors in fds. A snippet is
 * behind all walls by then. In the server it returns only, with -1, when the kernel makes no process.
 */
long nofx_serve(const struct walls *walls, int fds[DESCRIPTORS])
{
    struct scratch scratch = {0};
    for (;;) {
        int count = 0, pidfd = -1;
        char kind = receive(walls->control, fds, &count);
        if (!kind)
            _exit(0);
        if (kind != KILL && count == DESCRIPTORS) {
            unsigned long flags = CLONE_NEWPID | CLONE_PIDFD | SIGCHLD;
            int unprepared = scratch_prepare(walls, &scratch, fds[SPEC]);
            if (kind == NETWORKED)
                flags |= CLONE_NEWNET;
            long pid = clone_here(flags, &pidfd);
            if (pid == 0) {
                (kind == SNIPPET ? confine : command_begin)(walls, fds, unprepared);
                return kind;
            }
            if (pid < 0)
                return -1;
            for (int i = 0; i < count; i++)
                close(fds[i]);
            watch(walls->control, (pid_t)pid, pidfd);
            scratch_check(walls, &scratch);
        } else {
            for (int i = 0; i < count; i++)
                close(fds[i]);
        }
    }
}

/* A program that is to run behind all walls, as the first process of a run prepared it. */
struct command {
    const char *const *paths; /* where the program may be, in order, ended by NULL */
    char *const *arguments;
    char *const *environment;
    const struct caps *caps;
    const struct sock_fprog *filter;
    int ruleset;
    int streams[3];
    int unless_found; /* the error when there is no program under any path */
};

static int become(void *prepared)
{
    const struct command *command = prepared;
    int reason = command->unless_found;
    int ruleset = descriptors_keep(command->streams, 3, command->ruleset, &AS_COMMAND);
    if (setsid() < 0)
        give_up(&AS_COMMAND, "setsid");
    signal(SIGINT, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    privileges_drop(command->caps, ruleset, command->filter, &AS_COMMAND);
    for (const char *const *path = command->paths; *path; path++) {
        execve(*path, command->arguments, command->environment);
        if (errno != ENOENT && errno != ENOTDIR)
            reason = errno;
    }
    errno = reason;
    give_up(&AS_COMMAND, command->arguments[0]);
}

/*
 * Carry out a command, as the first process of a run: return its wait status once nobody else is left, or -1 when the
 * kernel makes no process or this is not the first one. It borrows this process's memory until it has become the program.
 */
long nofx_carry_out(const struct command *command)
{
    static char stack[STACK] __attribute__((aligned(16)));
    int status = 0, other;
    if (getpid() != 1) { /* what ends the others below would reach everybody */
        errno = EPERM;
        return -1;
    }
    pid_t ended, pid = clone(become, stack + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, (void *)command);
    if (pid < 0)
        return -1;
    close(command->streams[1]);
    close(command->streams[2]);
    do
        ended = wait(&other);
    while (ended != pid && (ended > 0 || errno == EINTR));
    status = other;
    kill(-1, SIGKILL);
    while (wait(&other) > 0 || errno == EINTR)
        ;
    return status;
}
