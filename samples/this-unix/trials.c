#include <sys/types.h>
#include <sys/wait.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "facts.h"

/* What a trial ends its process with when it got the value it wanted, or another one. */
#define AS_HOPED 10
#define OTHERWISE 11

static const char *signal_name(int number)
{
    switch (number) {
    case SIGFPE: return "SIGFPE";
    case SIGSEGV: return "SIGSEGV";
    case SIGILL: return "SIGILL";
#ifdef SIGBUS
    case SIGBUS: return "SIGBUS";
#endif
#ifdef SIGTRAP
    case SIGTRAP: return "SIGTRAP";
#endif
    default: return 0;
    }
}

/* Runs a trial in a process of its own, and says how that ended. */
static void try_it(char *out, int (*trial)(void), const char *hoped, const char *otherwise)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0)
        _exit(trial());
    if (child < 0 || waitpid(child, &status, 0) != child)
        tell_text(out, "could not be tried");
    else if (WIFEXITED(status))
        tell_text(out, WEXITSTATUS(status) == AS_HOPED ? hoped : otherwise);
    else if (signal_name(WTERMSIG(status)) != 0)
        tell_text(out, signal_name(WTERMSIG(status)));
    else
        sprintf(out, "signal %d", (int)WTERMSIG(status));
}

static int read_unaligned(void)
{
    static unsigned char bytes[2 * sizeof(int)];
    int expected, got;

    memset(bytes, 0x5a, sizeof bytes);
    memcpy(&expected, bytes, sizeof expected);
    /* What C does not define is just what is asked here. */
    got = *(volatile int *)(void *)(bytes + 1);
    return got == expected ? AS_HOPED : OTHERWISE;
}

void tell_unaligned(char *out)
{
    try_it(out, read_unaligned, "works", "gives another value");
}

static volatile int zero = 0;

static int divide_by_zero(void)
{
    volatile int one = 1;

    return one / zero == 0 ? AS_HOPED : OTHERWISE;
}

void tell_zero_division(char *out)
{
    try_it(out, divide_by_zero, "gives 0", "gives another value");
}

static int read_null(void)
{
    volatile char *volatile nowhere = 0;

    return *nowhere == 0 ? AS_HOPED : OTHERWISE;
}

void tell_null_read(char *out)
{
    try_it(out, read_null, "gives 0", "gives another value");
}
