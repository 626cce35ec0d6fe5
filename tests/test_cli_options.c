/* SPDX-License-Identifier: MIT */
/* Options of mlp train that contradict each other, the network or the data. */
#include "program.h"

#include <mlp/mlp.h>

#include <stdio.h>
#include <string.h>

/* Options that fail with exit code 2, and what the reason has to name. */
struct bad {
    const char *options, *reason;
};

static void expect_usage_errors(const struct bad *bad, size_t count)
{
    char command[512];
    for (size_t i = 0; i < count; i++) {
        snprintf(command, sizeof command, "$MLP train %s --save new --log new.csv", bad[i].options);
        expect_failure(2, bad[i].reason, command);
    }
}
#define EXPECT_USAGE_ERRORS(bad) expect_usage_errors(bad, sizeof bad / sizeof bad[0])

START_TEST(layers_that_make_no_network)
{
    static const struct bad bad[] = {
        {"--data xor --layers 2-8-3", "--layers: found 3 outputs, expected 2, the classes of xor"},
        {"--data xor --layers 3-8-2", "--layers: found 3 inputs, expected 2"},
        {"--data xor --layers 2-8-1", "--layers: found 1 outputs, expected 2"},
        {"--data xor --loss hinge --layers 2-8-3", "--layers: found 3 outputs, expected 1"},
        {"--data sine --layers 1-8-2", "expected 1, the target values of sine"},
        {"--data xor --layers 2", "expected inputs, hidden layers and outputs"},
        {"--data xor --layers 2relu-3-2", "found '2relu', expected the number of inputs"},
        {"--data xor --layers 2-8relux-2", "--layers: unknown activation 'relux'"},
        {"--data xor --layers 2-8+foo-2", "found '+foo', expected +layernorm, +batchnorm or"},
        {"--data xor --layers 2-8+dropout1-2", "--layers: dropout: found '1'"},
        {"--data xor --layers 2-8+dropout-2", "--layers: dropout: found ''"},
        {"--data xor --layers 2-8-2+dropout0.2", "dropout after the last layer"},
        {"--data xor --layers 2-8-2+layernorm", "normalisation or dropout after the last"},
        {"--data xor --layers 2--2", "--layers: found ''"},
        {"--data xor --layers 2-0-2", "--layers: found '0'"},
        {"--data xor --layers 2-relu-2", "--layers: found 'relu'"},
        {"--data xor --layers ''", "--layers: found ''"},
        {"--data xor --layers 2-8-2 --hidden 8", "--layers and --hidden"},
        {"--layers $(seq -s- 1 67)", "more than 64 hidden layers"},
        {"--data xor --layers 2-8-2relu", "--layers: --loss cross_entropy takes identity"},
        {"--data sine --layers 1-8-1relu --output-activation tanh", "--layers ends in relu"},
        {"--hidden none --dropout 0.5", "--dropout: there are no hidden layers"},
        {"--hidden none --norm layer", "--norm: there are no hidden layers"},
        {"--recipe perceptron --activation relu", "--activation: there are no hidden layers"},
        {"--dropout 1", "--dropout: found '1', expected a number from 0 up and below 1"},
        {"--dropout nan", "--dropout: found 'nan'"},
        {"--norm foo", "--norm: unknown normalisation 'foo'"},
        {"--norm batch --batch 1", "--norm: batch normalisation needs"},
        {"--layers 784-8+batchnorm-10 --batch 1", "--layers: batch normalisation needs"},
        {"--data data --norm batch --batch 199", "--batch: found 199"},
    };
    EXPECT_USAGE_ERRORS(bad);
}
END_TEST

START_TEST(losses_that_fit_neither_data_nor_outputs)
{
    static const struct bad bad[] = {
        {"--data data --loss mse", "--loss mse: data has labels, for which there are: cross_"},
        {"--data sine --loss hinge", "--loss hinge: sine has target values, for which there are: "},
        {"--data sine --recipe perceptron", "--recipe perceptron: its loss is perceptron"},
        {"--output-activation relu", "--output-activation: --loss cross_entropy takes identity"},
        {"--loss hinge --output-activation sigmoid", "--loss hinge takes identity"},
        {"--output-activation foo", "--output-activation: unknown activation 'foo'"},
        {"--loss foo", "--loss: unknown loss 'foo', expected one of: cross_entropy"},
        {"--huber-delta 1", "--huber-delta: it goes with --loss huber"},
        {"--data sine --loss huber --huber-delta 0", "--huber-delta: found '0'"},
        {"--label-smoothing 1", "--label-smoothing: found '1'"},
        {"--label-smoothing -0.1", "--label-smoothing: found '-0.1'"},
        {"--label-smoothing 0.1 --loss hinge", "--label-smoothing: --loss hinge has none"},
        {"--label-smoothing 0.1 --data sine", "--label-smoothing: --loss mse has none"},
        {"--data data --class-weights 1,2", "--class-weights: found 2, expected 10, the classes"},
        {"--data xor --class-weights 1,2,3", "--class-weights: found 3, expected 2"},
        {"--data xor --class-weights 1,-2", "--class-weights: found '-2'"},
        {"--data xor --class-weights 1,", "--class-weights: found ''"},
        {"--data xor --class-weights nan,1", "--class-weights: found 'nan'"},
        {"--data xor --class-weights balance", "--class-weights: found 'balance'"},
        {"--data sine --class-weights balanced", "--class-weights: sine has target values"},
        {"--data sine --loss mse --class-weights 1", "--class-weights: --loss mse is not about"},
        {"--data sine --top-k 1", "--top-k: sine has target values, not classes"},
        {"--data data --top-k 11", "--top-k: found 11, expected at most 10"},
        {"--data data --top-k 0", "--top-k: found '0'"},
    };
    EXPECT_USAGE_ERRORS(bad);
    expect_failure(2, "--top-k: needs --test or --valid",
                   "rm data/t10k-*; $MLP train --data data --top-k 2");
}
END_TEST

START_TEST(constants_of_other_optimizers)
{
    static const struct bad bad[] = {
        {"--weight-decay 0.1", "--weight-decay: adam has none, expected --optimizer adamw or lion"},
        {"--optimizer sgd --momentum 0.9", "--momentum: sgd has none"},
        {"--optimizer sgd --beta1 0.9", "--beta1: sgd has none"},
        {"--optimizer momentum --beta2 0.9", "--beta2: momentum has none"},
        {"--optimizer lion --epsilon 1e-8", "--epsilon: lion has none"},
        {"--momentum 0.5 --beta1 0.6", "--momentum and --beta1"},
        {"--beta1 1", "--beta1: found '1'"},
        {"--beta2 -1", "--beta2: found '-1'"},
        {"--momentum inf", "--momentum: found 'inf'"},
        {"--epsilon 0", "--epsilon: found '0'"},
        {"--optimizer adamw --weight-decay -1", "--weight-decay: found '-1'"},
        {"--l1 -1", "--l1: found '-1'"},
        {"--l2 nan", "--l2: found 'nan'"},
        {"--clip-norm 0", "--clip-norm: found '0'"},
        {"--clip-value -1", "--clip-value: found '-1'"},
        {"--schedule step", "--schedule: "},
        {"--schedule cosine:2", "--schedule: "},
        {"--schedule exponential:0", "--schedule: "},
        {"--schedule plateau:0:0.5", "--schedule: "},
        {"--schedule foo", "--schedule: unknown schedule 'foo'"},
        {"--warmup -1", "--warmup: found '-1'"},
        {"--init constant:x", "--init: "},
        {"--bias-init he", "--bias-init: unknown"},
        {"--shuffle --no-shuffle", "--shuffle and --no-shuffle"},
    };
    EXPECT_USAGE_ERRORS(bad);
}
END_TEST

START_TEST(ends_that_cannot_come)
{
    static const struct bad bad[] = {
        {"--valid 1", "--valid: found '1', expected a fraction above 0 and below 1"},
        {"--valid 0", "--valid: found '0'"},
        {"--valid 1.5", "--valid: found '1.5'"},
        {"--valid nan", "--valid: found 'nan'"},
        {"--valid inf", "--valid: found 'inf'"},
        {"--valid 0x1p-1", "--valid: found '0x1p-1'"},
        {"--valid -0.5", "--valid: found '-0.5'"},
        {"--valid ''", "--valid: found ''"},
        {"--data xor --valid 0.01", "--valid 0.01 of xor: "},
        {"--target 0.5", "--target: needs --valid"},
        {"--data data --test data --target 0.5", "--target: needs --valid"},
        {"--valid 0.1 --target 98", "--target: found '98', expected a number up to 1"},
        {"--valid 0.1 --target nan", "--target: found 'nan'"},
        {"--monitor score", "--monitor score: needs --valid"},
        {"--monitor foo", "--monitor: unknown monitor 'foo'"},
        {"--min-delta 0.1", "--min-delta: needs --patience or --restore-best"},
        {"--patience 3 --min-delta -1", "--min-delta: found '-1'"},
        {"--patience 0", "--patience: found '0'"},
        {"--restore-best --no-restore-best", "--restore-best and --no-restore-best"},
        {"--max-seconds 0", "--max-seconds: found '0'"},
        {"--max-seconds nan", "--max-seconds: found 'nan'"},
        {"--runs 0", "--runs: found '0'"},
        {"--runs 2 --seed 18446744073709551615", "--runs: 2 seeds from --seed"},
    };
    EXPECT_USAGE_ERRORS(bad);
}
END_TEST

START_TEST(files_that_are_something_else)
{
    expect_success("echo remember >notes.csv; echo '<!DOCTYPE html><p>hello' >page.html; "
                   "echo '{\"a\": 1}' >other.jsonl; mkdir dir.csv");
    expect_failure(2, "--log: 'notes.csv' is there and not a log",
                   "$MLP train " SMALL "--log notes.csv");
    expect_failure(2, "--log: 'other.jsonl' is there and not a log",
                   "$MLP train " SMALL "--log other.jsonl");
    expect_failure(2, "--report: 'page.html' is there and not a report",
                   "$MLP train " SMALL "--report page.html");
    expect_failure(2, "--log: found 'log', expected a name that ends in .jsonl or .csv",
                   "$MLP train " SMALL "--log log");
    expect_failure(2, "--report: found 'page', expected a name that ends in .html",
                   "$MLP train " SMALL "--report page");
    expect_failure(1, "dir.csv: cannot write: it is a folder", "$MLP train " SMALL "--log dir.csv");
    expect_failure(1, "missing/a.csv", "$MLP train " SMALL "--log missing/a.csv");
    expect_failure(2, "--save: 'a.csv' is also that of --log",
                   "$MLP train " SMALL "--log a.csv --save a.csv");
    expect_failure(2, "--save: 'a.html' is also that of --report",
                   "$MLP train " SMALL "--report a.html --save a.html");
    expect_failure(2, "is the file that the data come from",
                   "$MLP train " SMALL "--valid data/t10k-images-idx3-ubyte --save "
                   "data/t10k-images-idx3-ubyte");
}
END_TEST

START_TEST(held_out_data_of_another_kind)
{
    expect_failure(3, "sine: samples of 1 values, expected 16 as in data",
                   "$MLP train " SMALL "--valid sine --save new");
    expect_failure(3, "digits: samples of 784 values, expected 16 as in data",
                   "$MLP train " SMALL "--test digits --save new");
    expect_failure(1, "missing", "$MLP train " SMALL "--valid missing --save new");
}
END_TEST

/* Every option that takes a value refuses to be told two. */
START_TEST(no_option_is_given_twice)
{
    expect_failure(2, "--layers is given twice", "$MLP train --layers 2-1 --layers 2-2");
    expect_failure(2, "--valid is given twice", "$MLP train --valid 0.1 --valid 0.2");
    expect_failure(2, "--loss is given twice", "$MLP train --loss mse --loss mae");
    expect_failure(2, "did you mean --patience?", "$MLP train --patince 3");
    expect_failure(2, "did you mean --optimizer?", "$MLP train --optimiser adam");
    expect_failure(2, "option --patience does not go with mlp check", "$MLP check --patience 3");
    expect_failure(2, "option --optimizer does not go with mlp eval",
                   "$MLP eval model --optimizer sgd");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cli_options");
    TCase *tests = tcase_create("cli_options");
    tcase_add_checked_fixture(tests, program_set_up, folder_remove);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, layers_that_make_no_network);
    tcase_add_test(tests, losses_that_fit_neither_data_nor_outputs);
    tcase_add_test(tests, constants_of_other_optimizers);
    tcase_add_test(tests, ends_that_cannot_come);
    tcase_add_test(tests, files_that_are_something_else);
    tcase_add_test(tests, held_out_data_of_another_kind);
    tcase_add_test(tests, no_option_is_given_twice);
    suite_add_tcase(suite, tests);
    return program_run(suite);
}
