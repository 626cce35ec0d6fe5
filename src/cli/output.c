/* SPDX-License-Identifier: MIT */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Digits of a real in JSON: fractions such as 0.9787 print as they are meant. */
enum { JSON_DIGITS = 15 };

/* errno of the first failed write of a result to stdout, 0 so far. */
static int failure;

static FILE *stream;       /* of results; NULL: stdout */
static int stream_failure; /* the same of `stream` */

static bool is_closed(int fd)
{
    return fcntl(fd, F_GETFD) < 0 && errno == EBADF;
}

int output_begin(void)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    bool no_stdout = is_closed(STDOUT_FILENO);
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd < 0)
        return fail(MLP_ERROR_INTERNAL, "/dev/null: cannot open: %s", strerror(errno));
    close(fd);
    return no_stdout ? fail(MLP_ERROR_INTERNAL, "standard output is closed") : MLP_OK;
}

static void note_failure(void)
{
    int *first = stream ? &stream_failure : &failure;
    if (*first == 0)
        *first = errno != 0 ? errno : EIO;
}

int output_end(int status)
{
    stream = NULL;
    errno = 0;
    if (fflush(stdout) != 0 || ferror(stdout) || close(STDOUT_FILENO) != 0)
        note_failure();
    if (failure == 0)
        return status;
    if (status > 128) /* stopped by a signal, as of a terminal that is gone */
        return status;
    if (failure == EPIPE) /* the reader has seen enough */
        return status != MLP_OK ? status : MLP_ERROR_INTERNAL;
    return fail(MLP_ERROR_INTERNAL, "standard output: cannot write: %s", strerror(failure));
}

void result(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (vfprintf(stream ? stream : stdout, format, args) < 0)
        note_failure();
    va_end(args);
}

void result_name(const char *name)
{
    for (; *name != '\0'; name++)
        result("%c", (unsigned char)*name < 0x20 || *name == 0x7f ? '?' : *name);
}

void result_bytes(const void *data, size_t size)
{
    if (fwrite(data, 1, size, stream ? stream : stdout) != size)
        note_failure();
}

void result_flush(void)
{
    if (fflush(stream ? stream : stdout) != 0)
        note_failure();
}

void result_to(FILE *other)
{
    stream = other;
    stream_failure = 0;
}

int result_to_stdout(void)
{
    if (stream && (fflush(stream) != 0 || ferror(stream)))
        note_failure();
    stream = NULL;
    return stream_failure;
}

void result_json(json_t *value)
{
    errno = ENOMEM; /* what a failure of jansson's own means */
    FILE *out = stream ? stream : stdout;
    if (json_dumpf(value, out, JSON_REAL_PRECISION(JSON_DIGITS)) != 0 || putc('\n', out) == EOF)
        note_failure();
    json_decref(value);
}

bool result_working(void)
{
    return (stream ? stream_failure : failure) == 0;
}

/* One line on stderr, whatever control characters the arguments hold. */
static void print_line(const char *prefix, const char *format, va_list args)
{
    char line[2048];
    vsnprintf(line, sizeof line, format, args);
    for (char *c = line; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    }
    fprintf(stderr, "%s%s\n", prefix, line);
}

void talk(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_line("", format, args);
    va_end(args);
}

int fail(mlp_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_line("mlp: ", format, args);
    va_end(args);
    return (int)status;
}

int fail_with(const mlp_error *error)
{
    return fail(error->status, "%s", error->message);
}

size_t terminal_columns(int fd, size_t otherwise)
{
    struct winsize size;
    return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : otherwise;
}

void append(char *text, size_t size, const char *format, ...)
{
    size_t length = strlen(text);
    va_list args;
    va_start(args, format);
    vsnprintf(text + length, size - length, format, args);
    va_end(args);
}

const char *grouped(uint64_t number, char text[NUMBER_SIZE])
{
    char digits[NUMBER_SIZE];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    char *to = text;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return text;
}
