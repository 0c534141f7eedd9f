/* A small test framework. */
#ifndef CHECK_H
#define CHECK_H

/* Counts the result. If the condition is false, prints the condition and its place. */
#define CHECK(condition) check_that((condition) != 0, #condition, __FILE__, __LINE__)

void check_that(int passes, const char *condition, const char *file, int line);

/* Each function checks one part; check.c lists them. */
void check_numbers(void);
void check_text(void);
void check_files(void);
void check_processes(void);
void check_facts(void);

#endif
