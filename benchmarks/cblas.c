/* SPDX-License-Identifier: MIT */
/* Any library with cblas_sgemm, loaded at run time. */
#include "peers.h"

#include "alloc.h"
#include "error.h"

#include <ctype.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

/* CBLAS (Basic Linear Algebra Subprograms Technical Forum Standard, 2001): row-major
 * order and transpositions are enums with these values. */
typedef void sgemm_fn(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha,
                      const float *a, int lda, const float *b, int ldb, float beta, float *c,
                      int ldc);
enum {
    ROW_MAJOR = 101,
    NO_TRANSPOSE = 111,
    TRANSPOSE = 112,
};

/* How a library is told its number of threads: BLIS counts in 64 bits. */
typedef void set_int_fn(int threads);
typedef void set_long_fn(int64_t threads);
typedef const char *describe_fn(void);

struct library {
    struct bench_peer peer;
    sgemm_fn *sgemm;
    set_int_fn *set_int;
    set_long_fn *set_long;
};

static struct library libraries[BENCH_MAX_LIBRARIES];
static size_t library_count;

/* The libraries that have calls of their own for threads and version. */
static const struct known {
    const char *name, *title, *set_threads, *describe;
    bool is_long;
} known[] = {
    {"openblas", "", "openblas_set_num_threads", "openblas_get_config", false},
    {"blis", "BLIS ", "bli_thread_set_num_threads", "bli_info_get_version_str", true},
    {"mkl", "Intel MKL", "MKL_Set_Num_Threads", NULL, false},
};

/* A function of a library. ISO C has no conversion from the object pointer that
 * dlsym returns; POSIX promises that the bits are the same. */
static void *symbol(void *handle, const char *name, void *function, size_t size)
{
    void *address = dlsym(handle, name);
    memcpy(function, &address, size);
    return address;
}

/* "/usr/lib/libfoo-bar.so.0" is foo-bar. */
static void name_by_file(const char *path, char *name, size_t size)
{
    const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    base += strncmp(base, "lib", 3) == 0 ? 3 : 0;
    size_t length = 0;
    while (base[length] && base[length] != '.' && length + 1 < size) {
        name[length] = isalnum((unsigned char)base[length]) ? base[length] : '-';
        length++;
    }
    name[length] = 0;
    if (length == 0)
        snprintf(name, size, "cblas");
}

static bool is_taken(const char *name)
{
    for (size_t i = 0; i < library_count; i++) {
        if (strcmp(libraries[i].peer.name, name) == 0)
            return true;
    }
    return false;
}

/* The same library twice, or two builds of it: openblas, openblas-2. */
static void make_unique(char *name, size_t size)
{
    char base[16];
    snprintf(base, sizeof base, "%.15s", name);
    for (unsigned char i = 2; is_taken(name); i++)
        snprintf(name, size, "%s-%d", base, i);
}

static void describe(struct library *library, void *handle, const char *path)
{
    struct bench_peer *peer = &library->peer;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const struct known *k = &known[i];
        describe_fn *text = NULL;
        if (k->is_long ? !symbol(handle, k->set_threads, &library->set_long, sizeof(set_long_fn *))
                       : !symbol(handle, k->set_threads, &library->set_int, sizeof(set_int_fn *)))
            continue;
        snprintf(peer->name, sizeof peer->name, "%s", k->name);
        if (k->describe)
            symbol(handle, k->describe, &text, sizeof text);
        snprintf(peer->description, sizeof peer->description, "%s%s", k->title, text ? text() : "");
        break;
    }
    if (!*peer->name) {
        name_by_file(path, peer->name, 16);
        snprintf(peer->description, sizeof peer->description,
                 "%.80s, which has no known call for its number of threads", path);
    }
    for (size_t i = strlen(peer->description); i > 0 && peer->description[i - 1] == ' '; i--)
        peer->description[i - 1] = 0;
    for (char *c = peer->description; *c; c++) /* it goes to terminals and files */
        *c = *c >= ' ' && *c < 0x7f ? *c : '?';
    make_unique(peer->name, sizeof peer->name);
}

mlp_status bench_peers_open(const struct bench_options *options, mlp_error *error)
{
    for (size_t i = 0; i < options->library_count; i++) {
        const char *path = options->libraries[i];
        struct library library = {.peer = {.own_threads = true}};
        void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        if (!handle) {
            const char *reason = dlerror();
            return mlp_fail(error, MLP_ERROR_USAGE, "--cblas: cannot load %s",
                            reason ? reason : path);
        }
        if (!symbol(handle, "cblas_sgemm", &library.sgemm, sizeof library.sgemm)) {
            dlclose(handle);
            return mlp_fail(error, MLP_ERROR_USAGE, "--cblas '%s': has no function cblas_sgemm",
                            path);
        }
        describe(&library, handle, path);
        libraries[library_count++] = library;
    }
    return MLP_OK;
}

const struct bench_peer *bench_cblas_at(size_t i)
{
    return i < library_count ? &libraries[i].peer : NULL;
}

/* --- The cases ------------------------------------------------------------------ */

struct arrays {
    struct bench_operands *operands;
    float *c;
};

static mlp_status prepare(struct bench_case *test, mlp_error *error)
{
    struct arrays *s = test->state = mlp_alloc(1, sizeof *s);
    if (!s)
        return mlp_fail_memory(error, test->name);
    s->operands = bench_operands_use(test->shape);
    s->c = mlp_alloc(test->shape.m * test->shape.n, sizeof *s->c);
    return s->operands && s->c ? MLP_OK : mlp_fail_memory(error, test->name);
}

static void run(void *context, int thread, int threads, size_t iterations)
{
    (void)thread;
    const struct bench_case *test = context;
    const struct library *library = test->what;
    const struct arrays *s = test->state;
    int m = (int)test->shape.m, n = (int)test->shape.n, k = (int)test->shape.k;
    bool ta = bench_a_transposed(test->transposition), tb = bench_b_transposed(test->transposition);
    if (library->set_int)
        library->set_int(threads);
    if (library->set_long)
        library->set_long(threads);
    const float *a = bench_operands_a(s->operands, test->transposition);
    const float *b = bench_operands_b(s->operands, test->transposition);
    for (size_t i = 0; i < iterations; i++)
        library->sgemm(ROW_MAJOR, ta ? TRANSPOSE : NO_TRANSPOSE, tb ? TRANSPOSE : NO_TRANSPOSE, m,
                       n, k, 1.0f, a, ta ? m : k, b, tb ? k : n, 0.0f, s->c, n);
}

static bool check(struct bench_case *test, struct bench_check *out)
{
    const struct arrays *s = test->state;
    if (!bench_operands_solve(s->operands))
        return false;
    run(test, 0, test->threads, 1);
    bench_check_product(s->operands, s->c, out);
    return true;
}

static void flush(struct bench_case *test, bool weights_only)
{
    const struct arrays *s = test->state;
    bench_operands_flush(s->operands, test->transposition, s->c, weights_only);
}

static void destroy(struct bench_case *test)
{
    struct arrays *s = test->state;
    if (!s)
        return;
    bench_operands_release(s->operands);
    mlp_free(s->c);
    mlp_free(s);
    test->state = NULL;
}

static const struct bench_kind kind = {
    .prepare = prepare,
    .run = run,
    .alone = true,
    .check = check,
    .flush = flush,
    .destroy = destroy,
};

struct adding {
    struct bench_cases *cases;
    const struct library *library;
    struct mlp_kernels kernels;
    int threads;
};

static void add(void *context, const struct bench_blas_shape *shape)
{
    const struct adding *adding = context;
    const struct bench_peer *peer = &adding->library->peer;
    struct bench_case *test =
        bench_add_blas(adding->cases, shape, peer->name, &adding->kernels, adding->threads);
    if (!test)
        return;
    test->kind = &kind;
    test->peer = peer;
    test->what = adding->library;
    test->by_default = true;
}

void bench_add_cblas(struct bench_cases *cases, const struct bench_options *options, int threads)
{
    struct adding adding = {.cases = cases, .threads = threads};
    bench_peer_kernels(&adding.kernels);
    for (size_t i = 0; i < library_count; i++) {
        adding.library = &libraries[i];
        /* Others keep to the threads that they choose: taken for one. */
        if (threads == 1 || libraries[i].set_int || libraries[i].set_long)
            bench_each_blas_shape(options, add, &adding);
    }
}
