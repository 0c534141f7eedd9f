#include <stdio.h>
#include <string.h>

#include "facts.h"

static int usage(const char *wrong)
{
    if (wrong != 0)
        fprintf(stderr, "this-unix: there is no fact \"%s\"; this-unix --list names them\n", wrong);
    else
        fprintf(stderr, "usage: this-unix [--list | FACT...]\n");
    return 2;
}

static void show(const struct fact *fact, int with_name)
{
    char value[FACT_MAX];

    fact->tell(value);
    if (with_name)
        printf("%s\t%s\n", fact->name, value);
    else
        printf("%s\n", value);
    fflush(stdout); /* a trial forks: a buffer that is not empty would be printed twice */
}

static int show_all(int with_values)
{
    const struct fact *fact;

    for (fact = facts; fact->name != 0; fact++)
        if (with_values)
            show(fact, 1);
        else
            printf("%s\n", fact->name);
    return ferror(stdout) || fclose(stdout) != 0;
}

int main(int argc, char **argv)
{
    int at;

    if (argc < 2)
        return show_all(1);
    if (strcmp(argv[1], "--list") == 0)
        return argc == 2 ? show_all(0) : usage(0);
    for (at = 1; at < argc; at++)
        if (find_fact(argv[at]) == 0)
            return argv[at][0] == '-' ? usage(0) : usage(argv[at]);
    for (at = 1; at < argc; at++)
        show(find_fact(argv[at]), argc > 2);
    return ferror(stdout) || fclose(stdout) != 0;
}
