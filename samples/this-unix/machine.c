#include <float.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "facts.h"

#ifdef HAVE_INTTYPES_H
#include <inttypes.h>
#endif

void tell_byte_order(char *out)
{
    unsigned long number = 0;
    unsigned char bytes[sizeof number];
    size_t at;

    for (at = 0; at < sizeof number; at++)
        number = number << 8 | (at + 1);
    memcpy(bytes, &number, sizeof number);
    if (bytes[0] == 1 && bytes[1] == 2)
        tell_text(out, "big");
    else if (bytes[0] == sizeof number && bytes[1] == sizeof number - 1)
        tell_text(out, "little");
    else
        tell_text(out, "mixed");
}

void tell_char(char *out)
{
    sprintf(out, "%s, %d bits", CHAR_MIN < 0 ? "signed" : "unsigned", CHAR_BIT);
}

void tell_model(char *out)
{
    size_t i = sizeof(int), l = sizeof(long), p = sizeof(void *);

    if (i == 4 && l == 4 && p == 4)
        tell_text(out, "ILP32");
    else if (i == 4 && l == 8 && p == 8)
        tell_text(out, "LP64");
    else if (i == 4 && l == 4 && p == 8)
        tell_text(out, "LLP64");
    else if (i == 4 && l == 8 && p == 4)
        tell_text(out, "L64P32");
    else
        tell_text(out, "other");
}

void tell_sizes(char *out)
{
    sprintf(out, "short %d, int %d, long %d, pointer %d, size_t %d, wchar_t %d, double %d",
        (int)sizeof(short), (int)sizeof(int), (int)sizeof(long), (int)sizeof(void *),
        (int)sizeof(size_t), (int)sizeof(wchar_t), (int)sizeof(double));
}

struct after_char_short { char c; short x; };
struct after_char_int { char c; int x; };
struct after_char_long { char c; long x; };
struct after_char_double { char c; double x; };
struct after_char_pointer { char c; void *x; };
#ifdef HAVE_LONG_LONG
struct after_char_long_long { char c; long long x; };
#define LONG_LONG_ALIGNMENT ((int)offsetof(struct after_char_long_long, x))
#else
#define LONG_LONG_ALIGNMENT 0
#endif

void tell_alignments(char *out)
{
    sprintf(out, "short %d, int %d, long %d, long long %d, double %d, pointer %d",
        (int)offsetof(struct after_char_short, x), (int)offsetof(struct after_char_int, x),
        (int)offsetof(struct after_char_long, x), LONG_LONG_ALIGNMENT,
        (int)offsetof(struct after_char_double, x), (int)offsetof(struct after_char_pointer, x));
}

/* The widest integer; printf must support it. */
void tell_intmax(char *out)
{
#ifdef HAVE_INTTYPES_H
    sprintf(out, "%d bits, %" PRIdMAX, (int)(sizeof(intmax_t) * CHAR_BIT), INTMAX_MAX);
#else
    sprintf(out, "%d bits, %ld", (int)(sizeof(long) * CHAR_BIT), LONG_MAX);
#endif
}

void tell_shift(char *out)
{
    volatile int minus = -8;

    tell_text(out, (minus >> 1) == -4 ? "arithmetic" : "logical");
}

/* volatile, so that the compiler does not inline the call or remove the callee's variable */
static int (*volatile below)(volatile char *);

static int lies_below(volatile char *caller)
{
    volatile char own = 0;

    return (unsigned long)&own + own < (unsigned long)caller;
}

void tell_stack(char *out)
{
    volatile char mine = 0;

    below = lies_below;
    tell_text(out, below(&mine) ? "grows down" : "grows up");
}

/* 1.0 has the same bits in every IEEE 754 double, in the machine's byte order; some ARMs swap the two halves. */
void tell_floats(char *out)
{
    double one = 1.0;
    unsigned char bytes[sizeof one];
    int found = 0;
    size_t at;

    memcpy(bytes, &one, sizeof one);
    for (at = 0; at < sizeof one; at++)
        found += bytes[at] == 0x3f || bytes[at] == 0xf0;
    tell_yes(out, sizeof one == 8 && found == 2 && DBL_MANT_DIG == 53 && DBL_MAX_EXP == 1024);
}

void tell_long_double(char *out)
{
    sprintf(out, "%d bytes, %d bits of mantissa", (int)sizeof(long double), (int)LDBL_MANT_DIG);
}

void tell_compiler(char *out)
{
#if defined(__clang__)
    tell_text(out, __VERSION__);
#elif defined(__GNUC__)
    tell_text(out, "gcc " __VERSION__);
#elif defined(__SUNPRO_C)
    sprintf(out, "Sun C %x", __SUNPRO_C);
#else
    tell_text(out, "unknown");
#endif
}
