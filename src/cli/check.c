/* SPDX-License-Identifier: MIT */
/* mlp check */
#include "output.h"
#include "run.h"
#include "scores.h"
#include "setup.h"

#include <math.h>
#include <stdlib.h>

enum {
    SAMPLES = 32, /* where --batch says nothing else */
    MOST = 64,    /* parameters of an array: the first layer's take some milliseconds each */
};

/* What float32 sums over a few samples may be off, relative to max(1, |difference|); and how many
 * times the last bits of weights and inputs, which sums come to where they are large: 2 to 4 is
 * usual. */
static const double tolerance = 1e-6, noise_factor = 16;

/* What the parts of all layers come to. */
struct summary {
    size_t checked, kinks;
    double worst;
    bool ok;
};

static double limit_of(const mlp_gradient_check *part)
{
    return tolerance + noise_factor * part->noise;
}

static struct summary summarize(const mlp_gradient_check *parts, size_t count)
{
    struct summary all = {.ok = true};
    for (size_t i = 0; i < count; i++) {
        all.checked += parts[i].checked;
        all.kinks += parts[i].kinks;
        all.worst = fmax(all.worst, parts[i].worst);
        all.ok = all.ok && isfinite(parts[i].worst) && parts[i].worst <= limit_of(&parts[i]);
    }
    return all;
}

static bool is_there(const mlp_gradient_check *part)
{
    return part->checked + part->kinks > 0;
}

static json_t *part_array(const mlp_gradient_check *parts, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        const mlp_gradient_check *p = &parts[i];
        if (!is_there(p))
            continue;
        json_t *part = json_pack(
            "{s:I, s:s, s:I, s:I, s:o, s:o, s:I, s:o, s:o}", "layer", (json_int_t)p->layer, "part",
            p->part, "checked", (json_int_t)p->checked, "kinks", (json_int_t)p->kinks, "worst",
            json_number(p->worst), "limit", json_number(limit_of(p)), "index", (json_int_t)p->index,
            "gradient", json_number(p->gradient), "difference", json_number(p->difference));
        if (json_array_append_new(array, part) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static void print(const struct settings *s, size_t samples, const mlp_gradient_check *parts,
                  size_t count, const struct summary *all)
{
    if (s->json) {
        result_json(json_pack("{s:b, s:o, s:I, s:I, s:I, s:s, s:o}", "ok", all->ok, "worst",
                              json_number(all->worst), "samples", (json_int_t)samples, "checked",
                              (json_int_t)all->checked, "kinks", (json_int_t)all->kinks, "isa",
                              mlp_isa_selected(), "parts", part_array(parts, count)));
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const mlp_gradient_check *p = &parts[i];
        if (is_there(p))
            result("layer %zu %-6s  %zu checked, %zu at kinks, worst error %.1e of at most %.1e: "
                   "[%zu] has %.6g, expected %.6g\n",
                   p->layer, p->part, p->checked, p->kinks, p->worst, limit_of(p), p->index,
                   p->gradient, p->difference);
    }
    if (all->ok)
        result("ok: %zu parameters on %zu samples, worst error %.1e\n", all->checked, samples,
               all->worst);
}

static int check(const struct setup *setup, mlp_model *model)
{
    const struct settings *s = setup->settings;
    size_t count = mlp_model_spec(model)->layer_count * MLP_CHECK_PARTS;
    size_t samples = setup->options.batch;
    mlp_error error;
    if (!option_given(s, "batch") && samples > SAMPLES)
        samples = SAMPLES;
    mlp_gradient_check *parts = calloc(count, sizeof *parts);
    if (!parts)
        return fail(MLP_ERROR_INTERNAL, "out of memory for the check");
    int status = mlp_check_gradients_by_part(model, setup->train, samples, &setup->options, MOST,
                                             parts, &error) == MLP_OK
                     ? MLP_OK
                     : fail_with(&error);
    if (status == MLP_OK) {
        struct summary all = summarize(parts, count);
        print(s, samples, parts, count, &all);
        if (!all.ok)
            status =
                fail(MLP_ERROR_INTERNAL,
                     "gradients differ from finite differences by up to %.1e, more than float32 "
                     "explains",
                     all.worst);
    }
    free(parts);
    return status;
}

int run_check(const struct settings *settings)
{
    struct setup setup;
    mlp_model *model = NULL;
    int status = setup_training_data(settings, &setup);
    if (status == MLP_OK)
        status = setup_network(&setup);
    if (status == MLP_OK)
        status = setup_model(&setup, settings->train.seed, &model);
    if (status == MLP_OK)
        status = check(&setup, model);
    mlp_model_destroy(model);
    setup_end(&setup);
    return status;
}
