/* SPDX-License-Identifier: MIT */
#include "train_result.h"

#include "output.h"
#include "perceptron.h"

#include <math.h>
#include <stdio.h>
#include <sys/resource.h>

/* The most memory that this process has had, in bytes. */
static uint64_t peak_memory(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0)
        return 0;
#ifdef __APPLE__
    return (uint64_t)usage.ru_maxrss;
#else
    return (uint64_t)usage.ru_maxrss * 1024;
#endif
}

/* --- Scores ------------------------------------------------------------------------- */

const char *train_score_name(const struct run *run)
{
    bool classifies = train_run_classifies(run);
    if (run->setup->test)
        return classifies ? "test accuracy" : "test R2";
    if (run->setup->valid)
        return classifies ? "valid accuracy" : "valid R2";
    return NULL;
}

double train_score(const struct run *run)
{
    return run->setup->test ? run->test_score : run->valid_score;
}

static void print_score(const struct run *run, const char *of, double score)
{
    if (isnan(score))
        return;
    if (train_run_classifies(run))
        result("%s accuracy %.2f %%\n", of, 100 * score);
    else
        result("%s R2 %.6f\n", of, score);
}

/* --- As text ------------------------------------------------------------------------- */

static void print_stop(const struct run *run)
{
    const mlp_train_result *r = &run->result;
    const mlp_train_options *options = &run->setup->options;
    switch (r->stop) {
    case MLP_STOP_PATIENCE:
        result("stopped after %zu epochs without a better one\n", options->patience);
        break;
    case MLP_STOP_TARGET:
        result("stopped at the target of %g\n", options->target_score);
        break;
    case MLP_STOP_TIME:
        result("stopped when %g seconds were over\n", options->max_seconds);
        break;
    default: /* told elsewhere, or as it was planned */
        break;
    }
    if (r->restored)
        result("the weights are those of epoch %zu, the best\n", r->best_epoch);
}

void train_result_print(const struct run *run, const struct scores *scores)
{
    char fingerprint[65];
    const mlp_train_result *r = &run->result;
    mlp_model_fingerprint(run->model, fingerprint);
    if (is_perceptron(run))
        perceptron_print(run);
    print_score(run, "valid", run->valid_score);
    print_score(run, "test", run->test_score);
    if (scores && scores->classes && run->setup->settings->top_k > 0)
        result("top-%zu accuracy %.2f %%\n", scores->classes->top_k,
               100 * scores->classes->top_k_accuracy);
    result("fingerprint %s\n", fingerprint);
    result("epochs %zu, seconds %.2f, kernels %s, threads %d, peak memory %.0f MB\n", r->epochs,
           r->seconds, mlp_isa_selected(), r->threads, (double)peak_memory() / 1e6);
    print_stop(run);
    if (scores)
        scores_print_confusion(scores);
}

/* --- As JSON -------------------------------------------------------------------------- */

static json_t *epoch_json(const struct run *run, const mlp_progress *p)
{
    bool classifies = train_run_classifies(run);
    return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:f, s:f}", "epoch",
                     (json_int_t)p->epoch, "loss", json_number(p->loss), "train_accuracy",
                     json_number(p->train_accuracy), "valid_loss", json_number(p->valid_loss),
                     "valid_score", json_number(p->valid_score), "test_loss",
                     json_number(p->test_loss), classifies ? "test_accuracy" : "test_r2",
                     json_number(p->test_score), "learning_rate", json_number(p->learning_rate),
                     "seconds", p->seconds, "samples_per_second", progress_rate(p));
}

static json_t *epochs_json(const struct run *run)
{
    json_t *array = json_array();
    for (size_t i = 0; i < run->epoch_count; i++) {
        json_t *epoch = epoch_json(run, &run->epochs[i]);
        if (!train_run_classifies(run))
            json_object_set_new(epoch, "test_accuracy", json_null());
        if (json_array_append_new(array, epoch) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

/* JSON's integers end at 2^63 - 1 here; seeds do not. */
static json_t *seed_json(uint64_t seed)
{
    char text[NUMBER_SIZE];
    if (seed <= INT64_MAX)
        return json_integer((json_int_t)seed);
    snprintf(text, sizeof text, "%llu", (unsigned long long)seed);
    return json_string(text);
}

json_t *train_result_json(const struct run *run)
{
    char fingerprint[65];
    const mlp_train_result *r = &run->result;
    bool classifies = train_run_classifies(run);
    mlp_model_fingerprint(run->model, fingerprint);
    json_t *best = r->best_epoch > 0 ? json_integer((json_int_t)r->best_epoch) : json_null();
    json_t *object = json_pack(
        "{s:o, s:o, s:o, s:s, s:s, s:i, s:f, s:I, s:s, s:o, s:b, s:o}", "epochs", epochs_json(run),
        "test_accuracy", json_number(classifies ? run->test_score : (double)NAN), "valid_score",
        json_number(run->valid_score), "fingerprint", fingerprint, "isa", mlp_isa_selected(),
        "threads", r->threads, "seconds", r->seconds, "peak_rss_bytes", (json_int_t)peak_memory(),
        "stop", train_stop_name(r->stop), "best_epoch", best, "restored", r->restored, "seed",
        seed_json(run->seed));
    if (!classifies)
        json_object_set_new(object, "test_r2", json_number(run->test_score));
    if (is_perceptron(run))
        perceptron_add_json(run, object);
    return object;
}
