/* Facts that a program can find out about its system. */
#ifndef FACTS_H
#define FACTS_H

/* The size of the longest value, including its final NUL. */
#define FACT_MAX 256

struct fact {
    const char *name;
    /* Writes the value, at most FACT_MAX bytes including its NUL: one line of printable characters. */
    void (*tell)(char *out);
};

/* All facts; the last entry has no name. */
extern const struct fact facts[];

/* Returns the fact with this name, or null. */
const struct fact *find_fact(const char *name);

/* Functions that write a value. */
void tell_text(char *out, const char *text);
void tell_number(char *out, long number);
void tell_yes(char *out, int yes);

/* machine.c: how the compiler and the processor implement C. */
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

/* limits.c: what the system reports about itself. */
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

/* trials.c: behaviour that C does not define. Each trial runs in its own process, because a trial may crash. */
void tell_unaligned(char *out);
void tell_zero_division(char *out);
void tell_null_read(char *out);

#endif
