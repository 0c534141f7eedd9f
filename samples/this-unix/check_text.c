#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "config.h"

#ifdef HAVE_INTTYPES_H
#include <inttypes.h>
#endif

static void check_memory(void)
{
    char text[16] = "abcdefghij";
    unsigned char high[2];

    memmove(text + 2, text, 8);
    CHECK(memcmp(text, "ababcdefgh", 10) == 0);
    memmove(text, text + 2, 8);
    CHECK(memcmp(text, "abcdefgh", 8) == 0);
    high[0] = 0x80;
    high[1] = 0x7f;
    CHECK(memcmp(high, high + 1, 1) > 0);
    CHECK(memchr(high, 0x7f, 2) == (void *)(high + 1));
}

static void check_strings(void)
{
    char words[] = "one,two,,three";
    char padded[6];

    CHECK(strcmp("abc", "abd") < 0 && strncmp("abc", "abd", 2) == 0);
    CHECK(strcmp("\200", "a") > 0);
    CHECK(strspn("aabbc", "ab") == 4 && strcspn("aabbc", "c") == 4);
    CHECK(strrchr("a/b/c", '/')[1] == 'c' && strstr("haystack", "st")[2] == 'a');
    CHECK(strcmp(strtok(words, ","), "one") == 0);
    CHECK(strcmp(strtok(0, ","), "two") == 0);
    CHECK(strcmp(strtok(0, ","), "three") == 0);
    CHECK(strtok(0, ",") == 0);
    strncpy(padded, "ab", sizeof padded);
    CHECK(memcmp(padded, "ab\0\0\0\0", 6) == 0);
    CHECK(isspace('\v') && !isalnum('_') && toupper('q') == 'Q');
}

static void check_conversions(void)
{
    char *end;

    CHECK(strtol("  -0x1fz", &end, 16) == -31 && *end == 'z');
    CHECK(strtol("0777", &end, 0) == 511 && *end == '\0');
    errno = 0;
    CHECK(strtol("99999999999999999999999", &end, 10) == LONG_MAX && errno == ERANGE);
    errno = 0;
    CHECK(strtol("-99999999999999999999999", &end, 10) == LONG_MIN && errno == ERANGE);
    CHECK(strtoul("zz", &end, 36) == 1295);
    CHECK(strtod("-1.5e3x", &end) == -1500.0 && *end == 'x');
    CHECK(atoi("-12") == -12);
}

static void check_printing(void)
{
    char text[128];
    int number, count;
    char word[8];
    double real;

    sprintf(text, "%5d|%-5d|%05d|%+d|%x|%o|%c|%.3s|%%", 42, 42, 42, 42, 0xbeef, 8, 'x', "abcdef");
    CHECK(strcmp(text, "   42|42   |00042|+42|beef|10|x|abc|%") == 0);
    sprintf(text, "%.2f %e %g %g", 2.675, 12345.678, 1e-5, 100000.0);
    CHECK(strcmp(text, "2.67 1.234568e+04 1e-05 100000") == 0);
    CHECK(sprintf(text, "%*d", 7, -1) == 7);
    CHECK(sscanf("12 abc 0.5", "%d %7s %lf%n", &number, word, &real, &count) == 3);
    CHECK(number == 12 && strcmp(word, "abc") == 0 && real == 0.5 && count == 10);
    sprintf(text, "%.17g", 0.1);
    CHECK(strtod(text, 0) == 0.1);
#ifdef HAVE_SNPRINTF
    CHECK(snprintf(text, 4, "%s", "abcdef") == 6 && strcmp(text, "abc") == 0);
#endif
#ifdef HAVE_INTTYPES_H
    sprintf(text, "%" PRIdMAX " %" PRIxMAX, (intmax_t)-9007199254740993LL, (uintmax_t)0x123456789abcdefULL);
    CHECK(strcmp(text, "-9007199254740993 123456789abcdef") == 0);
#endif
}

static int by_value(const void *one, const void *other)
{
    int a = *(const int *)one, b = *(const int *)other;

    return a < b ? -1 : a > b;
}

/* Long enough for all code paths of a sort; the numbers are the same on every machine. */
static void check_sorting(void)
{
    static int numbers[5000];
    const int count = sizeof numbers / sizeof numbers[0];
    unsigned long state = 12345;
    int at, key, sorted = 1;

    for (at = 0; at < count; at++) {
        state = (state * 1103515245ul + 12345ul) & 0x7ffffffful;
        numbers[at] = (int)(state >> 8) % 1000 - 500;
    }
    qsort(numbers, count, sizeof numbers[0], by_value);
    for (at = 1; at < count; at++)
        sorted &= numbers[at - 1] <= numbers[at];
    CHECK(sorted);
    key = numbers[count / 2];
    CHECK(bsearch(&key, numbers, count, sizeof key, by_value) != 0);
    key = 1000;
    CHECK(bsearch(&key, numbers, count, sizeof key, by_value) == 0);
}

void check_text(void)
{
    check_memory();
    check_strings();
    check_conversions();
    check_printing();
    check_sorting();
}
