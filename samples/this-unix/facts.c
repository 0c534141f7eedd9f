#include <stdio.h>
#include <string.h>

#include "facts.h"

const struct fact facts[] = {
    { "system", tell_system },
    { "release", tell_release },
    { "machine", tell_machine },
    { "libc", tell_libc },
    { "compiler", tell_compiler },
    { "byte-order", tell_byte_order },
    { "char", tell_char },
    { "model", tell_model },
    { "sizes", tell_sizes },
    { "alignments", tell_alignments },
    { "intmax", tell_intmax },
    { "right-shift", tell_shift },
    { "stack", tell_stack },
    { "ieee-754", tell_floats },
    { "long-double", tell_long_double },
    { "time-bits", tell_time_bits },
    { "time-end", tell_time_end },
    { "file-bits", tell_file_bits },
    { "page-size", tell_page_size },
    { "open-max", tell_open_max },
    { "clock-ticks", tell_clock_ticks },
    { "processors", tell_processors },
    { "path-max", tell_path_max },
    { "unaligned-read", tell_unaligned },
    { "division-by-zero", tell_zero_division },
    { "null-read", tell_null_read },
    { 0, 0 }
};

const struct fact *find_fact(const char *name)
{
    const struct fact *fact;

    for (fact = facts; fact->name != 0; fact++)
        if (strcmp(fact->name, name) == 0)
            return fact;
    return 0;
}

/* Replaces control characters by spaces, so that a value is one line. */
void tell_text(char *out, const char *text)
{
    int at;

    for (at = 0; at < FACT_MAX - 1 && text[at] != '\0'; at++)
        out[at] = (unsigned char)text[at] < ' ' || text[at] == 127 ? ' ' : text[at];
    out[at] = '\0';
}

void tell_number(char *out, long number)
{
    sprintf(out, "%ld", number);
}

void tell_yes(char *out, int yes)
{
    tell_text(out, yes ? "yes" : "no");
}
