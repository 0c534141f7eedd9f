/* A test program's few words. */
#ifndef CHECK_H
#define CHECK_H

/* Counts, and prints where, when it does not hold. */
#define CHECK(holds) check_that((holds) != 0, #holds, __FILE__, __LINE__)

void check_that(int holds, const char *words, const char *file, int line);

/* Each checks one part; check.c names them all. */
void check_numbers(void);
void check_text(void);
void check_files(void);
void check_processes(void);
void check_facts(void);

#endif
