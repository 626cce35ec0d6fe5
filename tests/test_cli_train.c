/* SPDX-License-Identifier: MIT */
/* mlp train: what its options do, how runs end, and what is written. */
#include "program.h"

#include <mlp/mlp.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The fingerprint of a small run with these options. */
static void fingerprint_of(const char *options, char fingerprint[65])
{
    char command[512];
    snprintf(command, sizeof command, "$MLP train --data data --json %s%s %s",
             strstr(options, "--epochs") ? "" : "--epochs 3 ",
             strstr(options, "--threads") ? "" : "--threads 1", options);
    json_t *root = json_of(command);
    strcpy(fingerprint, text_at(root, "fingerprint"));
    json_decref(root);
}

static void expect_same(const char *one, const char *other)
{
    char a[65], b[65];
    fingerprint_of(one, a);
    fingerprint_of(other, b);
    ck_assert_msg(strcmp(a, b) == 0, "'%s' and '%s' train differently", one, other);
}

static void expect_different(const char *one, const char *other)
{
    char a[65], b[65];
    fingerprint_of(one, a);
    fingerprint_of(other, b);
    ck_assert_msg(strcmp(a, b) != 0, "'%s' and '%s' train alike", one, other);
}

/* --- What options do --------------------------------------------------------------- */

START_TEST(layers_say_what_hidden_and_its_kin_say)
{
    expect_same("--layers 16-8relu-10", "--hidden 8");
    expect_same("--layers 16-8-10", "--hidden 8");
    expect_same("--layers 16-8-7-10 --activation tanh", "--hidden 8,7 --activation tanh");
    expect_same("--activation tanh --layers 16-8-7relu-10", "--layers 16-8tanh-7relu-10");
    expect_same("--layers 16-8gelu+layernorm+dropout0.2-10",
                "--hidden 8 --dropout 0.2 --norm layer --activation gelu");
    expect_same("--layers 16-8relu+batchnorm-10", "--norm batch --hidden 8");
    expect_same("--layers 16-10", "--hidden none");
    expect_same("--layers 16-8-10softmax", "--hidden 8 --output-activation softmax");
}
END_TEST

START_TEST(an_optimizer_brings_its_defaults)
{
    expect_same("--hidden 8 --optimizer sgd", "--hidden 8 --optimizer sgd --lr 0.01");
    expect_same("--hidden 8 --optimizer sgd --lr 0.1", "--hidden 8 --lr 0.1 --optimizer sgd");
    expect_same("--hidden 8 --optimizer lion", "--hidden 8 --optimizer lion --lr 0.0001");
    expect_same("--hidden 8 --optimizer momentum --momentum 0.5",
                "--hidden 8 --beta1 0.5 --optimizer momentum");
    expect_different("--hidden 8 --optimizer adamw", "--hidden 8 --optimizer adamw --epsilon 1e-3");
    /* The recipe's own optimizer leaves the recipe's values. */
    expect_same("--hidden 8", "--hidden 8 --optimizer adam");
    expect_same("--hidden 8 --optimizer adam", "--hidden 8 --optimizer adam --epsilon 1e-7");
}
END_TEST

START_TEST(options_that_change_the_result)
{
    static const char *const options[] = {
        "--norm layer",
        "--norm batch",
        "--dropout 0.5",
        "--activation tanh",
        "--loss hinge",
        "--loss binary_cross_entropy",
        "--label-smoothing 0.1",
        "--class-weights 1,2,3,4,5,6,7,8,9,10",
        "--optimizer nesterov",
        "--lr 0.01",
        "--beta1 0.5",
        "--beta2 0.5",
        "--epsilon 0.1",
        "--l1 0.01",
        "--l2 0.01",
        "--clip-norm 0.01",
        "--clip-value 0.0001",
        "--schedule exponential:0.5",
        "--schedule one_cycle",
        "--warmup 10",
        "--init glorot",
        "--init normal:0.1",
        "--bias-init constant:0.5",
        "--no-shuffle",
        "--batch 50",
        "--epochs 2",
        "--seed 2",
        "--standardize",
        "--valid 0.2",
        "--recipe reference",
    };
    char plain[65], found[65], line[256];
    fingerprint_of("--hidden 8 --batch 20", plain);
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        const char *batch = strstr(options[i], "--batch") ? "" : "--batch 20";
        snprintf(line, sizeof line, "--hidden 8 %s %s", batch, options[i]);
        fingerprint_of(line, found);
        ck_assert_msg(strcmp(plain, found) != 0, "%s has no effect", options[i]);
    }
}
END_TEST

START_TEST(options_that_leave_the_result_alone)
{
    static const char *const options[] = {
        "--shuffle",
        "--no-restore-best",
        "--restore-best --monitor loss",
        "--threads 2",
        "--top-k 3",
        "--log log.csv --report page.html",
        "--save model",
        "--recipe default",
        "--max-seconds 10000",
        "--test data",
        "--warmup 0",
        "--init he --bias-init default",
        "--norm none",
        "--dropout 0",
        "--label-smoothing 0",
        "--l1 0 --l2 0",
        "--schedule constant",
        "--loss cross_entropy",
        "--output-activation identity",
        "--epochs 3",
        "--class-weights 1,1,1,1,1,1,1,1,1,1",
    };
    char plain[65], found[65], line[256];
    fingerprint_of("--hidden 8", plain);
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        snprintf(line, sizeof line, "--hidden 8 %s", options[i]);
        fingerprint_of(line, found);
        ck_assert_msg(strcmp(plain, found) == 0, "%s has an effect", options[i]);
    }
}
END_TEST

/* --- Recipes ------------------------------------------------------------------------- */

START_TEST(every_recipe_trains_on_its_own_data)
{
    for (size_t i = 0; mlp_recipe_at(i); i++) {
        const mlp_recipe *recipe = mlp_recipe_at(i);
        char expected[64];
        ck_assert_int_eq(shell("$MLP train --recipe %s --epochs 1 --max-seconds 1", recipe->name),
                         0);
        snprintf(expected, sizeof expected, "data     %s: ", recipe->data);
        ck_assert_msg(strstr(err, expected) != NULL, "%s: %s", recipe->name, err);
        ck_assert_ptr_nonnull(strstr(err, mlp_loss_name(recipe->loss)));
    }
}
END_TEST

START_TEST(a_perceptron_separates_and)
{
    expect_success("$MLP train --recipe perceptron");
    ck_assert_ptr_nonnull(strstr(err, "errors 0"));
    ck_assert_ptr_nonnull(strstr(out, "separated after "));
    ck_assert_ptr_nonnull(strstr(out, "\nweights "));
    ck_assert_ptr_nonnull(strstr(out, "test accuracy 100.00 %"));

    json_t *root = json_of("$MLP train --recipe perceptron --json");
    ck_assert(json_is_true(json_object_get(root, "separated")));
    ck_assert_str_eq(text_at(root, "stop"), "separated");
    const json_t *weights = json_array_get(json_object_get(root, "weights"), 0);
    double w0 = json_number_value(json_array_get(weights, 0));
    double w1 = json_number_value(json_array_get(weights, 1));
    double bias = json_number_value(json_array_get(json_object_get(root, "bias"), 0));
    ck_assert(bias < 0 && w0 + bias < 0 && w1 + bias < 0 && w0 + w1 + bias >= 0);
    json_decref(root);
}
END_TEST

START_TEST(a_perceptron_cannot_separate_xor)
{
    expect_success("$MLP train --recipe perceptron --data xor");
    ck_assert_int_eq(strncmp(out, "not linearly separable: ", 24), 0);
    ck_assert_ptr_null(strstr(out, "\nweights "));
    json_t *root = json_of("$MLP train --recipe perceptron --data xor --json");
    ck_assert(json_is_false(json_object_get(root, "separated")));
    ck_assert_str_eq(text_at(root, "stop"), "cycle");
    json_decref(root);

    expect_success("$MLP train --recipe perceptron --data xor --shuffle --epochs 7");
    ck_assert_int_eq(strncmp(out, "not separated within 7 epochs\n", 30), 0);
    root = json_of("$MLP train --recipe perceptron --data xor --shuffle --epochs 7 --json");
    ck_assert_str_eq(text_at(root, "stop"), "epochs");
    json_decref(root);
}
END_TEST

/* What a penalty or a class without weight ends proves nothing of the data. */
START_TEST(a_perceptron_claims_no_more_than_it_shows)
{
    static const char *const options[] = {"--l2 0.5", "--class-weights 0,1"};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        char command[128];
        snprintf(command, sizeof command, "$MLP train --recipe perceptron %s", options[i]);
        expect_success(command);
        ck_assert_msg(strncmp(out, "not separated: after ", 21) == 0, "%s: %s", options[i], out);
    }
}
END_TEST

START_TEST(a_hidden_layer_separates_xor)
{
    expect_success("$MLP train --recipe xor --save model");
    ck_assert_ptr_nonnull(strstr(out, "test accuracy 100.00 %"));
    ck_assert_ptr_nonnull(strstr(out, "row: label, column: prediction"));
    expect_success("$MLP eval model --data xor");
    ck_assert_ptr_nonnull(strstr(out, "accuracy 100.00 %"));

    expect_success("$MLP predict model --data xor --json --probabilities");
    size_t lines = 0;
    for (char *line = strtok(out, "\n"); line; line = strtok(NULL, "\n"), lines++) {
        json_t *root = parse_json(line);
        const json_t *both = json_object_get(root, "probabilities");
        double p0 = json_number_value(json_array_get(both, 0));
        double p1 = json_number_value(json_array_get(both, 1));
        ck_assert_uint_eq(json_array_size(both), 2);
        ck_assert(fabs(p0 + p1 - 1) < 1e-6);
        ck_assert_int_eq((int)number_at(root, "class"), p1 > p0);
        ck_assert(number_at(root, "probability") == fmax(p0, p1));
        json_decref(root);
    }
    ck_assert_uint_eq(lines, 4);
}
END_TEST

/* --- Values ------------------------------------------------------------------------------ */

START_TEST(values_are_learnt_and_predicted)
{
    json_t *root = json_of("$MLP train --data sine --hidden 8 --epochs 3 --threads 1 --standardize "
                           "--valid 0.2 --save model --json");
    double r2 = number_at(root, "test_r2");
    ck_assert(json_is_null(json_object_get(root, "test_accuracy")));
    number_at(root, "valid_score");
    const json_t *epoch = json_array_get(json_object_get(root, "epochs"), 2);
    ck_assert(number_at(epoch, "test_r2") == r2);
    ck_assert(json_is_null(json_object_get(epoch, "test_accuracy")));
    ck_assert(json_is_null(json_object_get(epoch, "train_accuracy")));
    number_at(epoch, "valid_loss");
    json_decref(root);

    root = json_of("$MLP eval model --data sine --json");
    ck_assert(fabs(number_at(root, "r2") - r2) < 1e-4);
    ck_assert(number_at(root, "mse") > 0 && number_at(root, "mae") > 0);
    ck_assert_ptr_null(json_object_get(root, "confusion"));
    json_decref(root);
    expect_success("$MLP eval model --data sine");
    ck_assert_ptr_nonnull(strstr(out, "\nMSE "));
    ck_assert_ptr_nonnull(strstr(out, "\nMAE "));
    ck_assert_ptr_nonnull(strstr(out, "\nR2 "));
    ck_assert_ptr_null(strstr(out, "accuracy"));
    ck_assert_int_eq(shell("$MLP eval model --data sine --top-k 2"), 2);

    expect_success("$MLP predict model --data sine");
    size_t index;
    double value;
    ck_assert_int_eq(sscanf(out, "%zu %lf\n", &index, &value), 2);
    expect_success("$MLP predict model --data sine --json | head -n 1");
    root = parse_json(out);
    const json_t *values = json_object_get(root, "values");
    ck_assert_uint_eq(json_array_size(values), 1);
    ck_assert(fabs(json_number_value(json_array_get(values, 0)) - value) < 1e-6);
    json_decref(root);
    expect_success("$MLP train --data sine --hidden 8 --epochs 3 --valid 0.2");
    ck_assert_ptr_nonnull(strstr(err, "valid R2 "));
    ck_assert_ptr_nonnull(strstr(out, "test R2 "));
    ck_assert_ptr_null(strstr(out, "row: label"));
}
END_TEST

START_TEST(scores_of_a_hinge_are_no_probabilities)
{
    expect_success("$MLP train --data blobs --hidden none --loss hinge --lr 0.1 --save model");
    json_t *root = json_of("$MLP eval model --data blobs --json");
    ck_assert(json_is_null(json_object_get(root, "log_loss")));
    ck_assert(number_at(root, "auc") > 0.9);
    json_decref(root);
    expect_success("$MLP predict model --data blobs --json --probabilities | head -n 1");
    root = parse_json(out);
    ck_assert_int_eq((int)number_at(root, "class"), number_at(root, "score") >= 0);
    ck_assert_uint_eq(json_array_size(json_object_get(root, "scores")), 1);
    json_decref(root);
}
END_TEST

/* --- Ends ---------------------------------------------------------------------------------- */

/* Nothing is better than the first epoch by so much. */
#define HARD_TO_PLEASE                                                                             \
    "--data data --hidden 8 --epochs 9 --threads 1 --patience 2 --min-delta 1000 "

START_TEST(patience_ends_with_the_best_weights)
{
    json_t *root = json_of("$MLP train " HARD_TO_PLEASE "--valid 0.2 --json --save model");
    const json_t *epochs = json_object_get(root, "epochs");
    ck_assert_str_eq(text_at(root, "stop"), "patience");
    ck_assert_int_eq((int)number_at(root, "best_epoch"), 1);
    ck_assert(json_is_true(json_object_get(root, "restored")));
    ck_assert_uint_eq(json_array_size(epochs), 3);
    ck_assert(number_at(root, "test_accuracy") ==
              number_at(json_array_get(epochs, 0), "test_accuracy"));
    ck_assert(number_at(root, "valid_score") ==
              number_at(json_array_get(epochs, 0), "valid_score"));
    char best[65], found[65];
    strcpy(best, text_at(root, "fingerprint"));
    json_decref(root);
    root = json_of("$MLP info model --json");
    ck_assert_str_eq(text_at(root, "fingerprint"), best);
    json_decref(root);

    /* The weights are those that one epoch alone comes to. */
    ck_assert_int_eq(shell("$MLP train --data data --hidden 8 --epochs 1 --valid 0.2 --json"), 0);
    root = parse_json(out);
    ck_assert_str_eq(text_at(root, "fingerprint"), best);
    json_decref(root);

    root = json_of("$MLP train " HARD_TO_PLEASE "--valid 0.2 --no-restore-best --json");
    ck_assert(json_is_false(json_object_get(root, "restored")));
    strcpy(found, text_at(root, "fingerprint"));
    ck_assert_str_ne(found, best);
    json_decref(root);

    expect_success("$MLP train " HARD_TO_PLEASE "--valid 0.2");
    ck_assert_ptr_nonnull(strstr(out, "stopped after 2 epochs without a better one\n"));
    ck_assert_ptr_nonnull(strstr(out, "the weights are those of epoch 1, the best\n"));
}
END_TEST

START_TEST(without_validation_patience_watches_the_training_loss)
{
    json_t *root = json_of("$MLP train " HARD_TO_PLEASE "--json");
    ck_assert_str_eq(text_at(root, "stop"), "patience");
    ck_assert_uint_eq(json_array_size(json_object_get(root, "epochs")), 3);
    json_decref(root);
}
END_TEST

START_TEST(a_target_ends_the_run)
{
    json_t *root = json_of("$MLP train " SMALL "--valid 0.2 --target 0 --json");
    ck_assert_str_eq(text_at(root, "stop"), "target");
    ck_assert_uint_eq(json_array_size(json_object_get(root, "epochs")), 1);
    json_decref(root);
    root = json_of("$MLP train " SMALL "--valid data --target 1 --json"); /* not in two epochs */
    ck_assert_str_eq(text_at(root, "stop"), "epochs");
    json_decref(root);
}
END_TEST

START_TEST(time_ends_the_run_with_its_weights)
{
    json_t *root = json_of("$MLP train --data data --hidden 8 --epochs 1000000 --max-seconds 1e-6 "
                           "--json --save model");
    char fingerprint[65];
    ck_assert_str_eq(text_at(root, "stop"), "time");
    strcpy(fingerprint, text_at(root, "fingerprint"));
    number_at(root, "test_accuracy");
    json_decref(root);
    root = json_of("$MLP eval model --data data --json");
    ck_assert_str_eq(text_at(root, "fingerprint"), fingerprint);
    json_decref(root);
}
END_TEST

START_TEST(a_diverged_run_saves_the_last_good_weights)
{
    static const char wild[] = "$MLP train --data data --hidden 8 --batch 32 --optimizer sgd "
                               "--lr 1e30 --threads 1";
    int count = folder_count();
    ck_assert_int_eq(shell("%s", wild), 4);
    ck_assert_str_eq(out, "");
    ck_assert_ptr_nonnull(strstr(err, "mlp: epoch 1, step "));
    ck_assert_int_eq(folder_count(), count);

    ck_assert_int_eq(shell("%s --save model --json", wild), 4);
    ck_assert_str_eq(out, "");
    ck_assert_ptr_nonnull(strstr(err, "saved    model: the last good weights, after "));
    expect_success("$MLP info model");
}
END_TEST

START_TEST(a_signal_ends_all_runs_and_saves)
{
    int code = shell("$MLP train --data data --hidden 8 --epochs 1000000 --threads 1 --runs 3 "
                     "--save model --log log.jsonl 2>talk & child=$!; "
                     "until grep -q 'epoch ' talk; do sleep 0.05; done; "
                     "kill -TERM $child; wait $child");
    ck_assert_int_eq(code, 128 + 15);
    ck_assert_ptr_nonnull(strstr(out, "seed 1: test accuracy "));
    ck_assert_ptr_null(strstr(out, "seed 2: "));
    char *fingerprint = strstr(out, "\nfingerprint ");
    ck_assert_ptr_nonnull(fingerprint);
    char expected[80];
    ck_assert_int_eq(sscanf(fingerprint, " fingerprint %79s", expected), 1);
    expect_success("tail -n 1 log.jsonl");
    json_decref(parse_json(out));
    expect_success("$MLP info model");
    ck_assert_ptr_nonnull(strstr(out, expected));
}
END_TEST

/* --- Several runs ------------------------------------------------------------------------------
 */

START_TEST(runs_have_seeds_of_their_own)
{
    json_t *all = json_of("$MLP train " SMALL "--seed 5 --runs 3 --json --save model");
    const json_t *runs = json_object_get(all, "runs");
    ck_assert_uint_eq(json_array_size(runs), 3);
    double least = 2, most = -1, sum = 0;
    for (size_t i = 0; i < 3; i++) {
        const json_t *one = json_array_get(runs, i);
        char command[256];
        ck_assert_int_eq((int)number_at(one, "seed"), 5 + (int)i);
        snprintf(command, sizeof command, "$MLP train " SMALL "--seed %zu --json", 5 + i);
        json_t *alone = json_of(command);
        ck_assert_str_eq(text_at(alone, "fingerprint"), text_at(one, "fingerprint"));
        json_decref(alone);
        double score = number_at(one, "test_accuracy");
        least = fmin(least, score);
        most = fmax(most, score);
        sum += score;
    }
    const json_t *score = json_object_get(all, "score");
    ck_assert_str_eq(text_at(all, "scored_by"), "test accuracy");
    ck_assert(fabs(number_at(score, "mean") - sum / 3) < 1e-12);
    ck_assert(number_at(score, "min") == least && number_at(score, "max") == most);
    ck_assert(number_at(score, "standard_deviation") >= 0);

    /* Without a validation set the last is kept. */
    ck_assert_int_eq((int)number_at(all, "kept"), 2);
    json_t *saved = json_of("$MLP info model --json");
    ck_assert_str_eq(text_at(saved, "fingerprint"),
                     text_at(json_array_get(runs, 2), "fingerprint"));
    json_decref(saved);
    json_decref(all);
}
END_TEST

START_TEST(the_best_of_several_runs_is_kept)
{
    json_t *all = json_of("$MLP train " SMALL "--runs 4 --valid 0.3 --lr 0.01 --json --save model");
    const json_t *runs = json_object_get(all, "runs");
    size_t best = 0;
    for (size_t i = 1; i < 4; i++) {
        if (number_at(json_array_get(runs, i), "valid_score") >
            number_at(json_array_get(runs, best), "valid_score"))
            best = i;
    }
    ck_assert_uint_eq((size_t)number_at(all, "kept"), best);
    json_t *saved = json_of("$MLP info model --json");
    ck_assert_str_eq(text_at(saved, "fingerprint"),
                     text_at(json_array_get(runs, best), "fingerprint"));
    json_decref(saved);
    json_decref(all);

    expect_success("$MLP train " SMALL "--runs 4 --valid 0.3 --lr 0.01");
    ck_assert_ptr_nonnull(strstr(out, "seed 4: test accuracy "));
    ck_assert_ptr_nonnull(strstr(out, "\ntest accuracy of 4 runs: mean "));
    ck_assert_ptr_nonnull(strstr(out, "\nkept: seed "));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cli_train");
    TCase *tests = tcase_create("cli_train");
    tcase_add_checked_fixture(tests, program_set_up, folder_remove);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, layers_say_what_hidden_and_its_kin_say);
    tcase_add_test(tests, an_optimizer_brings_its_defaults);
    tcase_add_test(tests, options_that_change_the_result);
    tcase_add_test(tests, options_that_leave_the_result_alone);
    tcase_add_test(tests, every_recipe_trains_on_its_own_data);
    tcase_add_test(tests, a_perceptron_separates_and);
    tcase_add_test(tests, a_perceptron_cannot_separate_xor);
    tcase_add_test(tests, a_perceptron_claims_no_more_than_it_shows);
    tcase_add_test(tests, a_hidden_layer_separates_xor);
    tcase_add_test(tests, values_are_learnt_and_predicted);
    tcase_add_test(tests, scores_of_a_hinge_are_no_probabilities);
    tcase_add_test(tests, patience_ends_with_the_best_weights);
    tcase_add_test(tests, without_validation_patience_watches_the_training_loss);
    tcase_add_test(tests, a_target_ends_the_run);
    tcase_add_test(tests, time_ends_the_run_with_its_weights);
    tcase_add_test(tests, a_diverged_run_saves_the_last_good_weights);
    tcase_add_test(tests, a_signal_ends_all_runs_and_saves);
    tcase_add_test(tests, runs_have_seeds_of_their_own);
    tcase_add_test(tests, the_best_of_several_runs_is_kept);
    suite_add_tcase(suite, tests);
    return program_run(suite);
}
