/*
 * The controller's side of a short run, without the interpreter and its lock: this does what worker.py does, in the
 * same order, for a run that ends before its output would have to be read.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SPEC, IN, OUT, DESCRIPTORS = 5, STREAMS = 3 };
enum { CHUNK = 1 << 16, MESSAGE = 64 };
enum { PREPARED = -1, SENT = -2, ANSWERED = -3 }; /* how far it got before it failed */

struct exchange {
    int control;
    char kind;
    int patience_ms;
    const char *spec, *input;
    size_t spec_size, input_size;
    int streams[STREAMS]; /* our ends of what the run writes to; -1 once everything has been read */
    ssize_t read[STREAMS];
    char data[STREAMS][CHUNK];
    ssize_t answer_size; /* 0: the run goes on */
    char answer[MESSAGE];
};

static int memory_file(const char *name, const char *data, size_t size)
{
    int fd = memfd_create(name, MFD_CLOEXEC);
    if (fd < 0)
        return -1;
    for (size_t done = 0; done < size;) {
        ssize_t more = write(fd, data + done, size - done);
        if (more < 0 && errno == EINTR)
            continue;
        if (more < 0) {
            close(fd);
            return -1;
        }
        done += (size_t)more;
    }
    lseek(fd, 0, SEEK_SET);
    return fd;
}

/* For reading only: a run could make its input grow. An empty one is at its end, and nobody else's. */
static int input_make(const struct exchange *run)
{
    if (!run->input_size) {
        int both[2];
        if (pipe2(both, O_CLOEXEC) < 0)
            return -1;
        close(both[1]);
        return both[0];
    }
    int writable = memory_file("stdin", run->input, run->input_size);
    if (writable < 0)
        return -1;
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", writable);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    close(writable);
    return fd;
}

static void close_all(int fds[], int count)
{
    for (int i = 0; i < count; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
        fds[i] = -1;
    }
}

static int prepare(struct exchange *run, int theirs[DESCRIPTORS])
{
    if ((theirs[SPEC] = memory_file("spec", run->spec, run->spec_size)) < 0 || (theirs[IN] = input_make(run)) < 0)
        return -1;
    for (int i = 0; i < STREAMS; i++) {
        int both[2];
        if (pipe2(both, O_CLOEXEC) < 0)
            return -1;
        run->streams[i] = both[0];
        theirs[OUT + i] = both[1];
    }
    return 0;
}

static int hand_over(struct exchange *run, const int theirs[DESCRIPTORS])
{
    char space[CMSG_SPACE(sizeof(int) * DESCRIPTORS)] = {0};
    struct iovec part = {&run->kind, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int) * DESCRIPTORS);
    memcpy(CMSG_DATA(rights), theirs, sizeof(int) * DESCRIPTORS);
    return sendmsg(run->control, &message, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

/* The run is over: take what it wrote. A stream that holds more than fits stays open. */
static int drain(struct exchange *run)
{
    struct pollfd events[STREAMS];
    for (int i = 0; i < STREAMS; i++)
        events[i] = (struct pollfd){run->streams[i], POLLIN, 0};
    if (poll(events, STREAMS, 0) < 0)
        return -1;
    for (int i = 0; i < STREAMS; i++) {
        ssize_t more = 1;
        while (events[i].revents & POLLHUP && run->read[i] < CHUNK && more > 0) {
            if ((more = read(run->streams[i], run->data[i] + run->read[i], (size_t)(CHUNK - run->read[i]))) < 0)
                return -1;
            run->read[i] += more;
        }
        if (more == 0)
            close_all(&run->streams[i], 1);
    }
    return 0;
}

/*
 * Hand a run over and wait a moment for its end. Return 0, and whether it has ended in answer_size; below 0 when it
 * failed, with errno, and nothing left open.
 */
int nofx_exchange(struct exchange *run)
{
    int theirs[DESCRIPTORS] = {-1, -1, -1, -1, -1};
    int failed = 0;
    memset(run->streams, -1, sizeof run->streams);
    memset(run->read, 0, sizeof run->read);
    run->answer_size = 0;
    if (prepare(run, theirs) < 0)
        failed = PREPARED;
    else if (hand_over(run, theirs) < 0)
        failed = SENT;
    int reason = errno;
    close_all(theirs, DESCRIPTORS);
    if (!failed) {
        struct pollfd end = {run->control, POLLIN, 0};
        if (poll(&end, 1, run->patience_ms) == 1) {
            run->answer_size = recv(run->control, run->answer, MESSAGE, 0);
            if (run->answer_size <= 0 || drain(run) < 0)
                failed = ANSWERED;
            reason = errno;
        }
    }
    if (failed)
        close_all(run->streams, STREAMS);
    errno = reason;
    return failed;
}
