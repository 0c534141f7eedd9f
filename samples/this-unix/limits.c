#include <sys/types.h>
#include <sys/utsname.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "facts.h"

static void tell_uname(char *out, int which)
{
    struct utsname names;

    if (uname(&names) < 0)
        tell_text(out, "unknown");
    else
        tell_text(out, which == 0 ? names.sysname : which == 1 ? names.release : names.machine);
}

void tell_system(char *out) { tell_uname(out, 0); }
void tell_release(char *out) { tell_uname(out, 1); }
void tell_machine(char *out) { tell_uname(out, 2); }

void tell_libc(char *out)
{
#if defined(__BIONIC__)
    tell_text(out, "bionic");
#elif defined(__UCLIBC__)
    tell_text(out, "uClibc");
#elif defined(__GLIBC__)
    sprintf(out, "glibc %d.%d", __GLIBC__, __GLIBC_MINOR__);
#elif defined(__NetBSD__) || defined(__FreeBSD__) || defined(__OpenBSD__) || defined(__DragonFly__) || defined(__sun)
    tell_text(out, "the system's own");
#else
    tell_text(out, "unknown (musl does not say)");
#endif
}

static int time_is_signed(void)
{
    return (time_t)-1 < (time_t)0;
}

void tell_time_bits(char *out)
{
    sprintf(out, "%d, %s", (int)(sizeof(time_t) * CHAR_BIT), time_is_signed() ? "signed" : "unsigned");
}

/* The last year that a time_t can represent. */
void tell_time_end(char *out)
{
    if (sizeof(time_t) * CHAR_BIT > 32)
        tell_text(out, "beyond 2106");
    else
        tell_text(out, time_is_signed() ? "2038" : "2106");
}

void tell_file_bits(char *out)
{
    tell_number(out, (long)(sizeof(off_t) * CHAR_BIT));
}

static void tell_sysconf(char *out, int name)
{
    long value = sysconf(name);

    if (value < 0)
        tell_text(out, "no limit");
    else
        tell_number(out, value);
}

void tell_page_size(char *out)
{
#ifdef _SC_PAGESIZE
    tell_sysconf(out, _SC_PAGESIZE);
#else
    tell_text(out, "unknown");
#endif
}

void tell_open_max(char *out) { tell_sysconf(out, _SC_OPEN_MAX); }
void tell_clock_ticks(char *out) { tell_sysconf(out, _SC_CLK_TCK); }

void tell_processors(char *out)
{
#ifdef HAVE_NPROCESSORS
    tell_sysconf(out, _SC_NPROCESSORS_ONLN);
#else
    tell_text(out, "unknown");
#endif
}

void tell_path_max(char *out)
{
    long value = pathconf("/", _PC_PATH_MAX);

    if (value < 0)
        tell_text(out, "no limit");
    else
        tell_number(out, value);
}
