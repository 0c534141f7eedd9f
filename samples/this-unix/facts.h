/* What a program can find out about the system it runs on. */
#ifndef FACTS_H
#define FACTS_H

/* The longest value, with its final NUL. */
#define FACT_MAX 256

struct fact {
    const char *name;
    /* Writes the value, at most FACT_MAX bytes with its NUL: one line of printable characters. */
    void (*tell)(char *out);
};

/* All facts; the last has no name. */
extern const struct fact facts[];

/* The fact of this name, or null. */
const struct fact *find_fact(const char *name);

/* Ways to write a value. */
void tell_text(char *out, const char *text);
void tell_number(char *out, long number);
void tell_yes(char *out, int yes);

/* machine.c: what the compiler and the processor make of C. */
void tell_byte_order(char *out);
void tell_char(char *out);
void tell_model(char *out);
void tell_sizes(char *out);
void tell_alignments(char *out);
void tell_shift(char *out);
void tell_stack(char *out);
void tell_floats(char *out);
void tell_long_double(char *out);
void tell_intmax(char *out);
void tell_compiler(char *out);

/* limits.c: what the system says of itself. */
void tell_system(char *out);
void tell_release(char *out);
void tell_machine(char *out);
void tell_libc(char *out);
void tell_time_bits(char *out);
void tell_time_end(char *out);
void tell_file_bits(char *out);
void tell_page_size(char *out);
void tell_open_max(char *out);
void tell_clock_ticks(char *out);
void tell_processors(char *out);
void tell_path_max(char *out);

/* trials.c: what happens when one tries; each in a process of its own, since it may end it. */
void tell_unaligned(char *out);
void tell_zero_division(char *out);
void tell_null_read(char *out);

#endif
