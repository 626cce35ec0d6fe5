/* SPDX-License-Identifier: MIT */
/* What the program `mlp` does and prints. */
#include "program.h"

#include <mlp/mlp.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(training_prints_accuracy_and_fingerprint)
{
    save_model();
    ck_assert_ptr_nonnull(strstr(out, "test accuracy "));
    ck_assert_ptr_nonnull(strstr(out, "\nfingerprint "));
    ck_assert_ptr_nonnull(strstr(err, "epoch 1/2  loss "));
    ck_assert_ptr_nonnull(strstr(err, "epoch 2/2  loss "));
    ck_assert_ptr_null(strchr(err, '\r')); /* no terminal, no progress line */
    ck_assert_ptr_null(strchr(err, '\033'));

    char fingerprint[80];
    ck_assert_int_eq(sscanf(strstr(out, "\nfingerprint "), " fingerprint %79s", fingerprint), 1);
    ck_assert_uint_eq(strlen(fingerprint), 64);
    expect_success("$MLP info model");
    ck_assert_ptr_nonnull(strstr(out, fingerprint));
    expect_success("$MLP eval model --data data");
    ck_assert_ptr_nonnull(strstr(out, fingerprint));
}
END_TEST

/* The object has exactly these keys, in any order; `keys` ends in NULL. */
static void expect_keys(const json_t *object, const char *const *keys)
{
    size_t count = 0;
    for (; keys[count]; count++)
        ck_assert_msg(json_object_get(object, keys[count]) != NULL, "no key %s", keys[count]);
    ck_assert_uint_eq(json_object_size(object), count);
}

static const char *const run_keys[] = {
    "epochs",         "test_accuracy", "valid_score", "fingerprint", "isa",  "threads", "seconds",
    "peak_rss_bytes", "stop",          "best_epoch",  "restored",    "seed", NULL,
};
static const char *const epoch_keys[] = {
    "epoch",     "loss",          "train_accuracy", "valid_loss", "valid_score",
    "test_loss", "test_accuracy", "learning_rate",  "seconds",    "samples_per_second",
    NULL,
};

START_TEST(training_prints_one_json_object)
{
    const char *fingerprint, *isa, *stop;
    json_t *epochs;
    double accuracy, seconds;
    json_int_t threads, memory, seed;
    expect_success("$MLP train " SMALL "--json");
    ck_assert_ptr_eq(strchr(out, '\n'), out + strlen(out) - 1);
    json_t *root = parse_json(out);
    expect_keys(root, run_keys);
    ck_assert_int_eq(json_unpack(root, "{s:o, s:f, s:s, s:s, s:I, s:f, s:I, s:s, s:I}", "epochs",
                                 &epochs, "test_accuracy", &accuracy, "fingerprint", &fingerprint,
                                 "isa", &isa, "threads", &threads, "seconds", &seconds,
                                 "peak_rss_bytes", &memory, "stop", &stop, "seed", &seed),
                     0);
    ck_assert(accuracy >= 0 && accuracy <= 1);
    ck_assert_uint_eq(strlen(fingerprint), 64);
    ck_assert_int_eq(threads, 1);
    ck_assert(seconds > 0 && memory > 100000);
    ck_assert_str_eq(stop, "epochs");
    ck_assert_int_eq(seed, 1);
    ck_assert(json_is_null(json_object_get(root, "valid_score")));
    ck_assert_uint_eq(json_array_size(epochs), 2);
    for (size_t i = 0; i < 2; i++) {
        json_int_t epoch;
        double loss, rate, epoch_accuracy, epoch_seconds, train_accuracy, learning_rate;
        expect_keys(json_array_get(epochs, i), epoch_keys);
        ck_assert_int_eq(json_unpack(json_array_get(epochs, i),
                                     "{s:I, s:F, s:F, s:F, s:F, s:F, s:F}", "epoch", &epoch, "loss",
                                     &loss, "train_accuracy", &train_accuracy, "test_accuracy",
                                     &epoch_accuracy, "learning_rate", &learning_rate, "seconds",
                                     &epoch_seconds, "samples_per_second", &rate),
                         0);
        ck_assert_int_eq(epoch, (json_int_t)i + 1);
        ck_assert(loss > 0 && epoch_seconds > 0 && rate > 0);
        ck_assert(train_accuracy >= 0 && train_accuracy <= 1);
        ck_assert(learning_rate == 0.001);
        ck_assert(i == 0 || epoch_accuracy == accuracy);
    }
    json_decref(root);
}
END_TEST

START_TEST(without_test_data_the_accuracy_is_null)
{
    expect_success("rm data/t10k-*; $MLP train " SMALL "--json");
    json_t *root = parse_json(out);
    expect_keys(root, run_keys);
    ck_assert(json_is_null(json_object_get(root, "test_accuracy")));
    json_t *epoch = json_array_get(json_object_get(root, "epochs"), 0);
    expect_keys(epoch, epoch_keys);
    ck_assert(json_is_null(json_object_get(epoch, "test_accuracy")));
    json_decref(root);
    expect_success("$MLP train " SMALL);
    ck_assert_ptr_null(strstr(out, "accuracy"));
}
END_TEST

/* The fingerprint of a run with these options. */
static void fingerprint_of(const char *options, char fingerprint[65])
{
    char command[512];
    snprintf(command, sizeof command, "$MLP train --data data --epochs 2 %s --json", options);
    expect_success(command);
    json_t *root = parse_json(out);
    strcpy(fingerprint, json_string_value(json_object_get(root, "fingerprint")));
    json_decref(root);
}

START_TEST(threads_and_instruction_sets_keep_the_bits)
{
    char expected[65], found[65];
    fingerprint_of("--hidden 20 --batch 32 --threads 1", expected);
    static const char *const same[] = {"--threads 2", "--threads 3", "--isa c",
                                       "--threads 2 --isa c"};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        char options[128];
        snprintf(options, sizeof options, "--hidden 20 --batch 32 %s", same[i]);
        fingerprint_of(options, found);
        ck_assert_str_eq(found, expected);
    }
    fingerprint_of("--hidden 20 --batch 32 --seed 2", found);
    ck_assert_str_ne(found, expected);
}
END_TEST

START_TEST(explicit_options_override_the_recipe_in_any_order)
{
    char expected[65], found[65];
    fingerprint_of("--hidden 8 --init normal:1 --batch 16 --lr 0.01", expected);
    fingerprint_of("--recipe reference --hidden 8 --batch 16 --lr 0.01", found);
    ck_assert_str_eq(found, expected);
    fingerprint_of("--hidden 8 --batch 16 --lr 0.01 --recipe reference", found);
    ck_assert_str_eq(found, expected);
    fingerprint_of("--hidden 8 --batch 16 --lr 0.01", found);
    ck_assert_str_ne(found, expected);
}
END_TEST

START_TEST(every_named_value_trains)
{
    for (size_t i = 0; mlp_activation_name(i); i++) {
        bool told = i != MLP_IDENTITY;
        ck_assert_int_eq(shell("$MLP train " SMALL "--activation %s", mlp_activation_name(i)), 0);
        ck_assert(!told || strstr(err, mlp_activation_name(i)));
    }
    for (size_t i = 0; mlp_init_name(i); i++)
        ck_assert_int_eq(shell("$MLP train " SMALL "--init %s", mlp_init_name(i)), 0);
    for (size_t i = 0; mlp_optimizer_name(i); i++)
        ck_assert_int_eq(shell("$MLP train " SMALL "--optimizer %s", mlp_optimizer_name(i)), 0);
    for (size_t i = 0; mlp_norm_name(i); i++)
        ck_assert_int_eq(shell("$MLP train " SMALL "--norm %s", mlp_norm_name(i)), 0);
    for (size_t i = 0; mlp_loss_name(i); i++) {
        bool classes = mlp_loss_classifies((mlp_loss)i);
        int code = i == MLP_POISSON ? 3 : 0; /* a sine has targets below 0 */
        ck_assert_int_eq(shell("$MLP train --data %s --hidden 4 --epochs 1 --loss %s",
                               classes ? "xor" : "sine", mlp_loss_name(i)),
                         code);
        ck_assert_ptr_nonnull(strstr(err, mlp_loss_name(i)));
    }
    for (size_t i = 0; mlp_bias_init_name(i); i++)
        ck_assert_int_eq(shell("$MLP train " SMALL "--bias-init %s", mlp_bias_init_name(i)), 0);
    for (size_t i = 0; mlp_monitor_name(i); i++)
        ck_assert_int_eq(shell("$MLP train " SMALL "--valid 0.2 --monitor %s", mlp_monitor_name(i)),
                         0);
    for (size_t i = 0; mlp_dataset_builtin_name(i); i++)
        ck_assert_int_eq(shell("$MLP train --data %s --hidden 4 --epochs 1 --max-seconds 1",
                               mlp_dataset_builtin_name(i)),
                         0);
    static const char *const schedules[] = {"constant",   "step:1:0.5", "exponential:0.5", "cosine",
                                            "cosine:0.1", "one_cycle",  "plateau:1:0.5"};
    for (size_t i = 0; i < sizeof schedules / sizeof schedules[0]; i++)
        ck_assert_int_eq(shell("$MLP train " SMALL "--schedule %s", schedules[i]), 0);
    ck_assert_int_eq(shell("$MLP train --data data --hidden none --epochs 1 --batch 200"), 0);
    ck_assert_ptr_nonnull(strstr(err, "network  16-10, "));
    ck_assert_int_eq(shell("$MLP train --data data --hidden 3,5,7 --epochs 1 --batch 7"), 0);
    ck_assert_ptr_nonnull(strstr(err, "network  16-3relu-5relu-7relu-10, "));
}
END_TEST

START_TEST(eval_and_predict_agree)
{
    double accuracy, loss, log_loss;
    json_int_t correct, count;
    json_t *confusion;
    save_model();
    expect_success("$MLP eval model --data data --split train --json");
    json_t *root = parse_json(out);
    expect_keys(root,
                (const char *const[]){"accuracy", "loss", "correct", "count", "top_k",
                                      "top_k_accuracy", "log_loss", "auc", "macro", "weighted",
                                      "classes", "confusion", "fingerprint", NULL});
    ck_assert_int_eq(json_unpack(root, "{s:F, s:F, s:I, s:I, s:F, s:o}", "accuracy", &accuracy,
                                 "loss", &loss, "correct", &correct, "count", &count, "log_loss",
                                 &log_loss, "confusion", &confusion),
                     0);
    json_int_t diagonal = 0;
    for (size_t c = 0; c < 10; c++)
        diagonal += json_integer_value(json_array_get(json_array_get(confusion, c), c));
    ck_assert_int_eq(diagonal, correct);
    ck_assert(fabs(loss - log_loss) < 1e-4);
    json_decref(root);
    ck_assert_int_eq(count, TRAIN_COUNT);
    ck_assert(accuracy == (double)correct / TRAIN_COUNT);

    expect_success("$MLP predict model --data data --split train");
    json_int_t hits = 0;
    size_t lines = 0;
    for (char *line = strtok(out, "\n"); line; line = strtok(NULL, "\n"), lines++) {
        size_t index, class;
        double probability;
        ck_assert_int_eq(sscanf(line, "%zu %zu %lf", &index, &class, &probability), 3);
        ck_assert_uint_eq(index, lines);
        ck_assert(probability >= 0.1 && probability <= 1);
        hits += class == index * 7 % 10;
    }
    ck_assert_uint_eq(lines, TRAIN_COUNT);
    ck_assert_int_eq(hits, correct);
}
END_TEST

START_TEST(info_says_what_was_found_and_chosen)
{
    expect_success("unset MLP_ISA OMP_NUM_THREADS; $MLP info");
    for (size_t i = 0; mlp_isa_name(i); i++)
        ck_assert_ptr_nonnull(strstr(out, mlp_isa_name(i)));
    ck_assert_ptr_nonnull(strstr(out, "the fastest that this CPU supports"));
    ck_assert_ptr_nonnull(strstr(out, mlp_version()));

    expect_success("MLP_ISA=c OMP_NUM_THREADS=3 $MLP info --json");
    json_t *root = parse_json(out);
    ck_assert_str_eq(json_string_value(json_object_get(root, "isa")), "c");
    ck_assert_str_eq(json_string_value(json_object_get(root, "isa_reason")),
                     "asked for by MLP_ISA");
    ck_assert_int_eq(json_integer_value(json_object_get(root, "threads")), 3);
    ck_assert_str_eq(json_string_value(json_object_get(root, "threads_reason")),
                     "asked for by OMP_NUM_THREADS");
    ck_assert_uint_eq(json_array_size(json_object_get(root, "isas")), mlp_isa_count());
    json_decref(root);

    expect_success("MLP_ISA=c $MLP info --isa c");
    ck_assert_ptr_nonnull(strstr(out, "asked for by --isa"));
}
END_TEST

START_TEST(info_describes_a_model)
{
    save_model();
    expect_success("$MLP info model --json");
    json_t *root = parse_json(out);
    ck_assert_str_eq(json_string_value(json_object_get(root, "file")), "model");
    ck_assert_int_eq(json_integer_value(json_object_get(root, "parameters")), 17 * 8 + 9 * 10);
    json_t *layers = json_object_get(root, "layers");
    ck_assert_uint_eq(json_array_size(layers), 2);
    json_t *last = json_array_get(layers, 1);
    ck_assert_int_eq(json_integer_value(json_object_get(last, "outputs")), 10);
    ck_assert_str_eq(json_string_value(json_object_get(last, "activation")), "identity");
    json_decref(root);
    expect_success("$MLP info model");
    ck_assert_ptr_nonnull(strstr(out, "16 -> 8, relu"));
}
END_TEST

/* --- Help ----------------------------------------------------------------------- */

START_TEST(help_is_a_result)
{
    static const char *const commands[] = {"train", "check", "eval", "predict", "export", "info"};
    expect_success("$MLP --help");
    ck_assert_str_eq(err, "");
    for (size_t i = 0; i < 5; i++)
        ck_assert_ptr_nonnull(strstr(out, commands[i]));
    char *help = strdup(out);
    expect_success("$MLP help");
    ck_assert_str_eq(out, help);
    free(help);
    for (size_t i = 0; i < 5; i++) {
        ck_assert_int_eq(shell("$MLP help %s", commands[i]), 0);
        help = strdup(out);
        ck_assert_int_eq(shell("$MLP %s --help", commands[i]), 0);
        ck_assert_str_eq(out, help);
        ck_assert_int_eq(shell("$MLP %s -h", commands[i]), 0);
        ck_assert_str_eq(out, help);
        ck_assert_ptr_nonnull(strstr(out, "--json"));
        for (char *line = strtok(out, "\n"); line; line = strtok(NULL, "\n"))
            ck_assert_uint_lt(strlen(line), 80);
        free(help);
    }
    expect_success("$MLP --version");
    ck_assert_ptr_nonnull(strstr(out, mlp_version()));
}
END_TEST

START_TEST(help_and_man_page_know_every_row_of_the_registries)
{
    expect_success("$MLP train --help");
    char *help = strdup(out);
    expect_success("$MLP --man");
    for (size_t i = 0; mlp_recipe_at(i); i++) {
        ck_assert_ptr_nonnull(strstr(help, mlp_recipe_at(i)->name));
        ck_assert_ptr_nonnull(strstr(out, mlp_recipe_at(i)->name));
    }
    const char *(*const lists[])(size_t) = {
        mlp_activation_name,      mlp_norm_name,    mlp_loss_name,
        mlp_optimizer_name,       mlp_init_name,    mlp_bias_init_name,
        mlp_schedule_name,        mlp_monitor_name, mlp_isa_name,
        mlp_dataset_builtin_name,
    };
    for (size_t l = 0; l < sizeof lists / sizeof lists[0]; l++) {
        for (size_t i = 0; lists[l](i); i++) {
            ck_assert_ptr_nonnull(strstr(help, lists[l](i)));
            ck_assert_ptr_nonnull(strstr(out, lists[l](i)));
        }
    }
    ck_assert_int_eq(strncmp(out, ".TH MLP 1 ", 10), 0);
    static const char *const headings[] = {"Data",           "Network", "Training",
                                           "Regularisation", "The run", "Output"};
    for (size_t i = 0; i < sizeof headings / sizeof headings[0]; i++) {
        char heading[64];
        snprintf(heading, sizeof heading, "\n%s:\n", headings[i]);
        ck_assert_ptr_nonnull(strstr(help, heading));
        snprintf(heading, sizeof heading, "\n.SS %s\n", headings[i]);
        ck_assert_ptr_nonnull(strstr(out, heading));
    }
    free(help);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cli");
    TCase *tests = tcase_create("cli");
    tcase_add_checked_fixture(tests, program_set_up, folder_remove);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, training_prints_accuracy_and_fingerprint);
    tcase_add_test(tests, training_prints_one_json_object);
    tcase_add_test(tests, without_test_data_the_accuracy_is_null);
    tcase_add_test(tests, threads_and_instruction_sets_keep_the_bits);
    tcase_add_test(tests, explicit_options_override_the_recipe_in_any_order);
    tcase_add_test(tests, every_named_value_trains);
    tcase_add_test(tests, eval_and_predict_agree);
    tcase_add_test(tests, info_says_what_was_found_and_chosen);
    tcase_add_test(tests, info_describes_a_model);
    tcase_add_test(tests, help_is_a_result);
    tcase_add_test(tests, help_and_man_page_know_every_row_of_the_registries);
    suite_add_tcase(suite, tests);
    return program_run(suite);
}
