#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "config.h"

#ifdef HAVE_MMAP
#include <sys/mman.h>
#endif

static const char first[] = "checks.tmp1", second[] = "checks.tmp2";

static long size_of(const char *name)
{
    struct stat status;

    return stat(name, &status) < 0 ? -1L : (long)status.st_size;
}

static void write_text(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");

    CHECK(file != 0);
    if (file == 0)
        return;
    CHECK(fputs(text, file) >= 0);
    CHECK(fclose(file) == 0);
}

static void check_open(void)
{
    int fd = open(first, O_RDWR | O_CREAT | O_EXCL, 0600);
    char bytes[8];

    CHECK(fd >= 0);
    errno = 0;
    CHECK(open(first, O_RDWR | O_CREAT | O_EXCL, 0600) < 0 && errno == EEXIST);
    CHECK(write(fd, "hello", 5) == 5);
    CHECK(lseek(fd, 10000, SEEK_SET) == 10000);
    CHECK(write(fd, "!", 1) == 1);
    CHECK(size_of(first) == 10001);
    CHECK(lseek(fd, 5000, SEEK_SET) == 5000 && read(fd, bytes, 4) == 4);
    CHECK(memcmp(bytes, "\0\0\0\0", 4) == 0);
    CHECK(read(fd, bytes, 0) == 0 && lseek(fd, 0, SEEK_END) == 10001);
    CHECK(read(fd, bytes, 1) == 0);
    CHECK(unlink(first) == 0);
    CHECK(lseek(fd, 0, SEEK_SET) == 0 && read(fd, bytes, 5) == 5 && memcmp(bytes, "hello", 5) == 0);
    CHECK(close(fd) == 0);
    errno = 0;
    CHECK(close(fd) < 0 && errno == EBADF);
    errno = 0;
    CHECK(open(first, O_RDONLY) < 0 && errno == ENOENT);
}

static void check_rename(void)
{
    char text[16] = "";
    FILE *file;

    write_text(first, "new");
    write_text(second, "older");
    CHECK(rename(first, second) == 0);
    CHECK(size_of(first) == -1 && size_of(second) == 3);
    file = fopen(second, "a+");
    CHECK(file != 0);
    if (file == 0)
        return;
    CHECK(fputs("er", file) >= 0);
    rewind(file);
    CHECK(fgets(text, sizeof text, file) != 0 && strcmp(text, "newer") == 0);
    CHECK(feof(file) || fgetc(file) == EOF);
    CHECK(fclose(file) == 0);
    CHECK(unlink(second) == 0);
}

static void check_links(void)
{
    struct stat one, two;

    write_text(first, "x");
    CHECK(link(first, second) == 0);
    CHECK(stat(first, &one) == 0 && stat(second, &two) == 0);
    CHECK(one.st_ino == two.st_ino && one.st_nlink == 2);
    CHECK(chmod(first, 0400) == 0 && stat(second, &two) == 0 && (two.st_mode & 0777) == 0400);
    CHECK(unlink(first) == 0 && stat(second, &two) == 0 && two.st_nlink == 1);
    CHECK(unlink(second) == 0);
    CHECK(mkdir(first, 0700) == 0 && rmdir(first) == 0);
    CHECK(size_of(first) == -1);
}

#ifdef HAVE_MMAP
static void check_mapping(void)
{
    int fd = open(first, O_RDWR | O_CREAT | O_TRUNC, 0600);
    char *page, byte = 0;

    CHECK(fd >= 0 && write(fd, "mapped", 6) == 6);
    page = (char *)mmap(0, 6, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(page != (char *)-1);
    if (page != (char *)-1) {
        CHECK(memcmp(page, "mapped", 6) == 0);
        page[0] = 'M';
        CHECK(msync(page, 6, MS_SYNC) == 0);
        CHECK(lseek(fd, 0, SEEK_SET) == 0 && read(fd, &byte, 1) == 1 && byte == 'M');
        CHECK(munmap(page, 6) == 0);
    }
    CHECK(close(fd) == 0 && unlink(first) == 0);
}
#endif

void check_files(void)
{
    unlink(first);
    unlink(second);
    check_open();
    check_rename();
    check_links();
#ifdef HAVE_MMAP
    check_mapping();
#endif
}
