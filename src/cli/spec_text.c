/* SPDX-License-Identifier: MIT */
#include "spec_text.h"

#include "output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Layers ---------------------------------------------------------------------- */

static void append_layer(char *text, const mlp_layer_spec *layer)
{
    static const char *const norms[] = {
        [MLP_NORM_NONE] = "", [MLP_NORM_LAYER] = "+layernorm", [MLP_NORM_BATCH] = "+batchnorm"};
    append(text, SPEC_TEXT_SIZE, "-%zu", layer->units);
    if (layer->activation != MLP_IDENTITY)
        append(text, SPEC_TEXT_SIZE, "%s", mlp_activation_name(layer->activation));
    append(text, SPEC_TEXT_SIZE, "%s", norms[layer->norm]);
    if (layer->dropout > 0)
        append(text, SPEC_TEXT_SIZE, "+dropout%g", (double)layer->dropout);
}

void spec_text(const mlp_spec *spec, char text[SPEC_TEXT_SIZE])
{
    enum { MOST = 12 }; /* layers in a line that is still read */
    snprintf(text, SPEC_TEXT_SIZE, "%zu", spec->inputs);
    for (size_t l = 0; l < spec->layer_count; l++) {
        if (spec->layer_count > MOST && l == MOST / 2) {
            append(text, SPEC_TEXT_SIZE, "-...");
            l = spec->layer_count - MOST / 2;
        }
        append_layer(text, &spec->layers[l]);
    }
}

void layer_text(const mlp_layer_spec *layer, char text[SPEC_TEXT_SIZE])
{
    snprintf(text, SPEC_TEXT_SIZE, "%s", mlp_activation_name(layer->activation));
    if (layer->norm != MLP_NORM_NONE)
        append(text, SPEC_TEXT_SIZE, ", %s normalisation", mlp_norm_name(layer->norm));
    if (layer->dropout > 0)
        append(text, SPEC_TEXT_SIZE, ", dropout %g", (double)layer->dropout);
}

/* --- Commands -------------------------------------------------------------------- */

/* Characters that a shell leaves alone. */
static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                            "_-./:,+=%@";

static void write_quoted(FILE *file, const char *text)
{
    if (*text != '\0' && text[strspn(text, plain)] == '\0') {
        fputs(text, file);
        return;
    }
    fputc('\'', file);
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", file);
        else
            fputc(*text, file);
    }
    fputc('\'', file);
}

char *command_text(const char *command, const struct settings *settings)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    if (!file)
        return NULL;
    fprintf(file, "mlp %s", command);
    for (size_t i = 0; option_at(i); i++) {
        if (!settings->values[i])
            continue;
        fprintf(file, " --%s", option_at(i)->name);
        if (option_at(i)->argument) {
            fputc(' ', file);
            write_quoted(file, settings->values[i]);
        }
    }
    if (fclose(file) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
