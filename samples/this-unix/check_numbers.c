#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "check.h"
#include "config.h"

/* volatile, so that the processor computes the result and not the compiler */
static volatile long left, right;
static volatile double real;

static void check_integers(void)
{
    static const long pairs[][2] = { { 7, 2 }, { -7, 2 }, { 7, -2 }, { -7, -2 }, { 2147483647L, 46341 }, { 0, 5 } };
    volatile unsigned char byte = UCHAR_MAX;
    volatile unsigned int word = UINT_MAX;
    size_t at;

    for (at = 0; at < sizeof pairs / sizeof pairs[0]; at++) {
        left = pairs[at][0];
        right = pairs[at][1];
        CHECK(left / right * right + left % right == left);
        CHECK(ldiv(left, right).quot * right + ldiv(left, right).rem == left);
        CHECK(labs(ldiv(left, right).rem) < labs(right));
    }
    byte++;
    word++;
    CHECK(byte == 0);
    CHECK(word == 0);
    left = 46340;
    CHECK(left * left == 2147395600L);
}

#ifdef HAVE_LONG_LONG
/* A 32-bit processor does 64-bit arithmetic in parts, often with a library of the compiler. */
static void check_long_long(void)
{
    volatile unsigned long long big = 0xfedcba98u;
    volatile long long minus = -1000000007;
    volatile int places = 36;

    big = big << 32 | 0x76543210u;
    CHECK(big / 1000000007u == 18364758415ull);
    CHECK(big % 1000000007u == 939755815u);
    CHECK(big * 3u == 0xfc962fc962fc9630ull);
    CHECK(big >> places == 0xfedcba9u);
    CHECK(big << places == 0x6543210000000000ull);
    CHECK(minus * minus == 1000000014000000049ll);
    CHECK(minus * minus / minus == minus);
    CHECK((double)minus == -1000000007.0);
    CHECK((long long)((double)(1ll << 52) + 1.0) == (1ll << 52) + 1);
    CHECK((unsigned long long)(double)(1ull << 63) == 1ull << 63);
}
#endif

static void check_reals(void)
{
    double whole;

    real = 0.1;
    CHECK(real + 0.2 > 0.3 - DBL_EPSILON && real + 0.2 < 0.3 + DBL_EPSILON);
    real = 16777217.0;
    CHECK((float)real == 16777216.0f);
    real = -2.7;
    CHECK((int)real == -2);
    CHECK(floor(real) == -3.0 && ceil(real) == -2.0);
    CHECK(modf(real, &whole) < 0.0 && whole == -2.0);
    CHECK(fabs(fmod(real, 1.0) + 0.7) < 1e-9);
    CHECK(ldexp(real, 10) == real * 1024.0);
    real = 2.0;
    CHECK(fabs(sqrt(real) * sqrt(real) - real) < 4 * DBL_EPSILON);
    CHECK(fabs(atan2(1.0, 1.0) * 4.0 - 3.14159265358979) < 1e-13);
    real = DBL_MAX;
    CHECK(real * 0.5 * 2.0 == DBL_MAX);
}

void check_numbers(void)
{
    check_integers();
#ifdef HAVE_LONG_LONG
    check_long_long();
#endif
    check_reals();
}
