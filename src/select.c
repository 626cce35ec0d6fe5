/* SPDX-License-Identifier: MIT */
#include "select.h"

#include "cpu.h"
#include "error.h"

#include <mlp/cpu.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <assert.h>
#include <string.h>

enum { MOST_ISAS = 8 };

/* One table an instruction set, filled once: a table that a trainer holds is
 * never written again. */
static struct mlp_kernels tables[MOST_ISAS];
static pthread_once_t fill_once = PTHREAD_ONCE_INIT;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const struct mlp_kernels *selected;

static void fill_tables(void)
{
    assert(mlp_isa_count() <= MOST_ISAS);
    for (size_t i = 0; i < mlp_isa_count(); i++)
        mlp_kernels_fill(i, &tables[i]);
}

size_t mlp_isa_count(void)
{
    return mlp_isa_table_size();
}

const char *mlp_isa_name(size_t i)
{
    return i < mlp_isa_count() ? mlp_isa_table()[i].name : NULL;
}

bool mlp_isa_supported(size_t i)
{
    return i < mlp_isa_count() && (mlp_isa_table()[i].cpu_flags & ~mlp_cpu_flags()) == 0;
}

/* The names that this CPU supports, "c, avx2". */
static void list_supported(char *text, size_t size)
{
    text[0] = '\0';
    for (size_t i = 0; i < mlp_isa_count(); i++) {
        size_t used = strlen(text);
        if (mlp_isa_supported(i))
            snprintf(text + used, size - used, "%s%s", used ? ", " : "", mlp_isa_name(i));
    }
}

static mlp_status find(const char *name, const char *origin, size_t *found, mlp_error *error)
{
    char names[128];
    list_supported(names, sizeof names);
    for (size_t i = 0; i < mlp_isa_count(); i++) {
        if (strcmp(name, mlp_isa_name(i)) != 0)
            continue;
        if (!mlp_isa_supported(i))
            return mlp_fail(error, MLP_ERROR_USAGE,
                            "%s: this CPU lacks instruction set '%s', expected one of: %s", origin,
                            name, names);
        *found = i;
        return MLP_OK;
    }
    return mlp_fail(error, MLP_ERROR_USAGE, "%s: unknown instruction set '%s', expected one of: %s",
                    origin, name, names);
}

static mlp_status select_locked(const char *name, mlp_error *error)
{
    const char *origin = "isa";
    if (!name || !*name) {
        origin = "MLP_ISA";
        name = getenv("MLP_ISA");
    }
    size_t best = 0;
    if (name && *name) {
        mlp_status status = find(name, origin, &best, error);
        if (status != MLP_OK)
            return status;
    } else {
        for (size_t i = 0; i < mlp_isa_count(); i++) {
            if (mlp_isa_supported(i))
                best = i;
        }
    }
    selected = &tables[best];
    return MLP_OK;
}

mlp_status mlp_isa_select(const char *name, mlp_error *error)
{
    pthread_once(&fill_once, fill_tables);
    pthread_mutex_lock(&lock);
    mlp_status status = select_locked(name, error);
    pthread_mutex_unlock(&lock);
    return status;
}

const struct mlp_kernels *mlp_kernels_selected(mlp_error *error)
{
    pthread_once(&fill_once, fill_tables);
    pthread_mutex_lock(&lock);
    if (!selected)
        select_locked(NULL, error);
    const struct mlp_kernels *kernels = selected;
    pthread_mutex_unlock(&lock);
    return kernels;
}

const char *mlp_isa_selected(void)
{
    const struct mlp_kernels *kernels = mlp_kernels_selected(NULL);
    return kernels ? kernels->isa : mlp_isa_name(0);
}
