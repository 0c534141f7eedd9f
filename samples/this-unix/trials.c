#include <sys/types.h>
#include <sys/wait.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "facts.h"

/* Exit codes of a trial: it read the expected value, or another value. */
#define EXPECTED_VALUE 10
#define OTHER_VALUE 11

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

/* Runs a trial in its own process, and reports how this process ended. */
static void try_it(char *out, int (*trial)(void), const char *expected, const char *other)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0)
        _exit(trial());
    if (child < 0 || waitpid(child, &status, 0) != child)
        tell_text(out, "could not be tried");
    else if (WIFEXITED(status))
        tell_text(out, WEXITSTATUS(status) == EXPECTED_VALUE ? expected : other);
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
    /* C does not define this read; the trial shows what happens. */
    got = *(volatile int *)(void *)(bytes + 1);
    return got == expected ? EXPECTED_VALUE : OTHER_VALUE;
}

void tell_unaligned(char *out)
{
    try_it(out, read_unaligned, "works", "gives another value");
}

static volatile int zero = 0;

static int divide_by_zero(void)
{
    volatile int one = 1;

    return one / zero == 0 ? EXPECTED_VALUE : OTHER_VALUE;
}

void tell_zero_division(char *out)
{
    try_it(out, divide_by_zero, "gives 0", "gives another value");
}

static int read_null(void)
{
    volatile char *volatile nowhere = 0;

    return *nowhere == 0 ? EXPECTED_VALUE : OTHER_VALUE;
}

void tell_null_read(char *out)
{
    try_it(out, read_null, "gives 0", "gives another value");
}
