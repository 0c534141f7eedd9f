#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

/* More than any pipe can hold, so that both sides must wait for each other. */
#define PIPE_BYTES 300000L

static int wait_for(pid_t child)
{
    int status = -1;

    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return status;
}

static void write_much(int fd)
{
    char block[1000];
    long sent;

    memset(block, 'x', sizeof block);
    for (sent = 0; sent < PIPE_BYTES; sent += (long)sizeof block)
        if (write(fd, block, sizeof block) != (ssize_t)sizeof block)
            _exit(1);
    _exit(42);
}

static void check_pipe(void)
{
    char block[777];
    int ends[2], status;
    long got = 0;
    ssize_t count;
    pid_t child;

    CHECK(pipe(ends) == 0);
    child = fork();
    if (child == 0) {
        close(ends[0]);
        write_much(ends[1]);
    }
    CHECK(child > 0);
    CHECK(close(ends[1]) == 0);
    while ((count = read(ends[0], block, sizeof block)) > 0)
        got += count;
    CHECK(got == PIPE_BYTES);
    CHECK(close(ends[0]) == 0);
    status = wait_for(child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 42);
    errno = 0;
    CHECK(waitpid(child, &status, 0) < 0 && errno == ECHILD);
}

static volatile int shared = 1;

static void check_fork(void)
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        shared = 2;
        _exit(getppid() > 0 && shared == 2 ? 0 : 1);
    }
    status = wait_for(child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(shared == 1);
}

static void check_exec(void)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        execl("/bin/sh", "sh", "-c", "test \"$1\" = 'a b' && exit 7", "sh", "a b", (char *)0);
        _exit(1);
    }
    status = wait_for(child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    status = system("exit 3");
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 3);
}

static volatile sig_atomic_t caught;

static void note(int number)
{
    caught = number;
}

static void catch(int number, void (*handler)(int))
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    CHECK(sigaction(number, &action, 0) == 0);
}

static void check_blocking(void)
{
    sigset_t ours, before, pending;

    catch(SIGUSR1, note);
    sigemptyset(&ours);
    sigaddset(&ours, SIGUSR1);
    CHECK(sigprocmask(SIG_BLOCK, &ours, &before) == 0);
    caught = 0;
    CHECK(kill(getpid(), SIGUSR1) == 0);
    CHECK(caught == 0);
    CHECK(sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1));
    CHECK(sigprocmask(SIG_SETMASK, &before, 0) == 0);
    CHECK(caught == SIGUSR1);
}

/* The parent blocks SIGUSR2 until it waits, so that it does not miss a signal that the child sends before that. */
static void check_waiting(void)
{
    sigset_t ours, before;
    int status;
    pid_t child, parent = getpid();

    catch(SIGUSR2, note);
    sigemptyset(&ours);
    sigaddset(&ours, SIGUSR2);
    CHECK(sigprocmask(SIG_BLOCK, &ours, &before) == 0);
    caught = 0;
    child = fork();
    if (child == 0)
        _exit(kill(parent, SIGUSR2) == 0 ? 0 : 1);
    errno = 0;
    while (caught == 0)
        if (sigsuspend(&before) == 0 || errno != EINTR)
            break;
    CHECK(caught == SIGUSR2 && errno == EINTR);
    CHECK(sigprocmask(SIG_SETMASK, &before, 0) == 0);
    status = wait_for(child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void check_broken_pipe(void)
{
    int ends[2];

    CHECK(pipe(ends) == 0 && close(ends[0]) == 0);
    catch(SIGPIPE, note);
    caught = 0;
    errno = 0;
    CHECK(write(ends[1], "x", 1) < 0 && errno == EPIPE && caught == SIGPIPE);
    catch(SIGPIPE, SIG_IGN);
    errno = 0;
    CHECK(write(ends[1], "x", 1) < 0 && errno == EPIPE);
    catch(SIGPIPE, SIG_DFL);
    CHECK(close(ends[1]) == 0);
}

static void check_death(void)
{
    int ends[2], status;
    char byte;
    pid_t child;

    CHECK(pipe(ends) == 0);
    child = fork();
    if (child == 0) {
        close(ends[1]);
        read(ends[0], &byte, 1); /* nobody writes, so the child waits until the parent kills it */
        _exit(0);
    }
    CHECK(kill(child, 0) == 0 && kill(child, SIGTERM) == 0);
    status = wait_for(child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    CHECK(close(ends[0]) == 0 && close(ends[1]) == 0);
}

static sigjmp_buf back;

static void jump(int number)
{
    siglongjmp(back, number);
}

/* A handler may leave with siglongjmp, which unblocks the signal again. */
static void check_jumping(void)
{
    volatile int times = 0;

    catch(SIGFPE, jump);
    if (sigsetjmp(back, 1) != 0)
        times++;
    if (times < 2)
        raise(SIGFPE);
    CHECK(times == 2);
    catch(SIGFPE, SIG_DFL);
}

void check_processes(void)
{
    check_fork();
    check_pipe();
    check_exec();
    check_blocking();
    check_waiting();
    check_broken_pipe();
    check_death();
    check_jumping();
}
