#include <stdio.h>
#include <unistd.h>

#include "check.h"

static int passed, failed;

void check_that(int passes, const char *condition, const char *file, int line)
{
    if (passes) {
        passed++;
        return;
    }
    failed++;
    printf("%s:%d: check failed: %s\n", file, line, condition);
    fflush(stdout);
}

static const struct {
    const char *name;
    void (*run)(void);
} parts[] = {
    { "numbers", check_numbers },
    { "text", check_text },
    { "files", check_files },
    { "processes", check_processes },
    { "facts", check_facts }
};

int main(void)
{
    size_t at;

    alarm(60); /* this ends a test that would never end, and the test fails */
    for (at = 0; at < sizeof parts / sizeof parts[0]; at++) {
        int before = passed, failures = failed;

        printf("%s ... ", parts[at].name);
        fflush(stdout);
        parts[at].run();
        if (failed == failures)
            printf("ok (%d)\n", passed - before);
        else
            printf("%s: %d failed\n", parts[at].name, failed - failures);
        fflush(stdout);
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0 || fclose(stdout) != 0;
}
