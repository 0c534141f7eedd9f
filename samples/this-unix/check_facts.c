#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "config.h"
#include "facts.h"

static const char *value_of(const char *name)
{
    static char value[FACT_MAX];
    const struct fact *fact = find_fact(name);

    CHECK(fact != 0);
    strcpy(value, "");
    if (fact != 0)
        fact->tell(value);
    return value;
}

static void check_shapes(void)
{
    const struct fact *fact;

    for (fact = facts; fact->name != 0; fact++) {
        char value[FACT_MAX];

        memset(value, 'x', sizeof value);
        fact->tell(value);
        CHECK(memchr(value, '\0', sizeof value) != 0);
        CHECK(value[0] != '\0' && strpbrk(value, "\t\n") == 0);
        CHECK(find_fact(fact->name) == fact);
    }
    CHECK(find_fact("nonsense") == 0 && find_fact("") == 0);
}

static void check_byte_order(void)
{
    union {
        unsigned short number;
        unsigned char bytes[2];
    } both;

    both.number = 0x0102;
    CHECK(strcmp(value_of("byte-order"), both.bytes[0] == 1 ? "big" : "little") == 0);
}

static void check_values(void)
{
    long page = atol(value_of("page-size"));
    char text[FACT_MAX];

    CHECK(page >= 512 && (page & (page - 1)) == 0);
    CHECK(atol(value_of("clock-ticks")) > 0);
    CHECK(atol(value_of("file-bits")) >= 32);
    tell_text(text, "a\tb\nc\177");
    CHECK(strcmp(text, "a b c ") == 0);
    tell_number(text, -2147483647L);
    CHECK(strcmp(text, "-2147483647") == 0);
}

static void check_long_text(void)
{
    char longer[FACT_MAX * 2], text[FACT_MAX];

    memset(longer, 'y', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    tell_text(text, longer);
    CHECK(strlen(text) == FACT_MAX - 1);
}

/* If the facts say that time does not end in January 2038, the library must support later dates. */
static void check_time(void)
{
    time_t then = (time_t)951782400; /* 2000-02-29 00:00:00 UTC */
    struct tm *parts = gmtime(&then);

    CHECK(parts != 0 && parts->tm_year == 100 && parts->tm_mon == 1 && parts->tm_mday == 29 && parts->tm_yday == 59);
    if (strcmp(value_of("time-end"), "2038") == 0)
        return;
    then = (time_t)2147483647;
    then += 1;
    parts = gmtime(&then);
    CHECK(parts != 0 && parts->tm_year == 138 && parts->tm_mon == 0 && parts->tm_mday == 19 && parts->tm_sec == 8);
}

void check_facts(void)
{
    check_shapes();
    check_byte_order();
    check_values();
    check_long_text();
    check_time();
}
