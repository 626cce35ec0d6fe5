/* SPDX-License-Identifier: MIT */
/* mlp export */
#include "files.h"
#include "model.h"
#include "output.h"
#include "run.h"

#include <stdio.h>
#include <string.h>

/* --- What it can write -------------------------------------------------------------- */

struct exporter {
    const char *option, *what;
    const char *(*path)(const struct settings *s); /* NULL where it is not asked for */
    bool (*is_own)(const char *start, size_t count);
    mlp_status (*write)(const struct settings *s, const mlp_model *model, mlp_error *error);
};

static const char *c_path(const struct settings *s)
{
    return s->export_c;
}

static bool starts_c(const char *start, size_t count)
{
    (void)count;
    return strncmp(start, MLP_EXPORT_C_START, strlen(MLP_EXPORT_C_START)) == 0;
}

static mlp_status write_c(const struct settings *s, const mlp_model *model, mlp_error *error)
{
    return mlp_model_export_c(model, s->export_c, s->export_name, error);
}

static const char *onnx_path(const struct settings *s)
{
    return s->export_onnx;
}

/* The version, then who made it. */
static bool starts_onnx(const char *start, size_t count)
{
    return count > 3 && start[0] == 0x08 && start[1] < 0x20 && start[2] == 0x12;
}

static mlp_status write_onnx(const struct settings *s, const mlp_model *model, mlp_error *error)
{
    const mlp_onnx_options options = {.softmax = s->softmax};
    return mlp_model_export_onnx(model, s->export_onnx, &options, error);
}

static const struct exporter exporters[] = {
    {"c", "C file of mlp export", c_path, starts_c, write_c},
    {"onnx", "ONNX file", onnx_path, starts_onnx, write_onnx},
};
enum { EXPORTERS = sizeof exporters / sizeof exporters[0] };

/* --- All of them ---------------------------------------------------------------------- */

/* "--c" */
static void list_exporters(char *text, size_t size)
{
    text[0] = '\0';
    for (size_t i = 0; i < EXPORTERS; i++)
        append(text, size, "%s--%s", i > 0 ? " or " : "", exporters[i].option);
}

static int check(const struct settings *s)
{
    char known[128];
    size_t asked = 0;
    int status = MLP_OK;
    for (size_t i = 0; i < EXPORTERS && status == MLP_OK; i++) {
        const struct exporter *e = &exporters[i];
        asked += e->path(s) != NULL;
        status = files_check_output(s, e->option, e->path(s), e->what, e->is_own);
    }
    if (status == MLP_OK && asked == 0) {
        list_exporters(known, sizeof known);
        return fail(MLP_ERROR_USAGE, "nothing to write: expected %s with the name of a file",
                    known);
    }
    return status;
}

static int print(const struct settings *s, const mlp_model *model)
{
    char fingerprint[65];
    json_t *files = json_object();
    mlp_model_fingerprint(model, fingerprint);
    for (size_t i = 0; i < EXPORTERS; i++) {
        const char *path = exporters[i].path(s);
        if (!path)
            continue;
        json_object_set_new(files, exporters[i].option, json_string(path));
        if (!s->json)
            result("%-12s %s\n", exporters[i].option, path);
    }
    if (!s->json)
        result("fingerprint  %s\n", fingerprint);
    if (s->json)
        result_json(json_pack("{s:O, s:s}", "files", files, "fingerprint", fingerprint));
    json_decref(files);
    return MLP_OK;
}

static int export_model(const struct settings *s, const mlp_model *model)
{
    mlp_error error;
    for (size_t i = 0; i < EXPORTERS; i++) {
        if (exporters[i].path(s) && exporters[i].write(s, model, &error) != MLP_OK)
            return fail(error.status, "--%s: %s", exporters[i].option, error.message);
    }
    return print(s, model);
}

int run_export(const struct settings *settings)
{
    mlp_model *model = NULL;
    int status = check(settings);
    if (status == MLP_OK)
        status = open_model(settings, &model);
    if (status == MLP_OK)
        status = export_model(settings, model);
    mlp_model_destroy(model);
    return status;
}
