/* SPDX-License-Identifier: MIT */
/* mlp export --c: the file, compiled by the machine's own compiler and without the library, gives
 * the library's bits. */
#include "alloc.h"
#include "export_nets.h"
#include "file.h"
#include "program.h"

#include <mlp/mlp.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STRICT "-Wall -Wextra -Werror -pedantic "

/* --- Compiling and running ----------------------------------------------------------- */

/* The program that runs the nets: for each it reads inputs, f32 and u8, and writes outputs. */
static const char driver[] =
    "#include <stdio.h>\n"
    "#include <stdlib.h>\n"
    "struct net {\n"
    "    size_t inputs, outputs;\n"
    "    void (*predict)(const float *, float *);\n"
    "    void (*predict_u8)(const uint8_t *, float *);\n"
    "    size_t (*classify)(const float *);\n"
    "};\n"
    "static const struct net nets[] = {\n"
    "#include \"table.h\"\n"
    "};\n"
    "int main(int argc, char **argv)\n"
    "{\n"
    "    unsigned long samples = argc > 1 ? strtoul(argv[1], NULL, 10) : 0, s;\n"
    "    size_t i, n;\n"
    "    for (i = 0; i < sizeof nets / sizeof nets[0]; i++) {\n"
    "        for (s = 0; s < samples; s++) {\n"
    "            float x[64], y[128];\n"
    "            uint8_t bytes[64];\n"
    "            uint32_t classes[1] = {0};\n"
    "            n = nets[i].outputs;\n"
    "            if (fread(x, sizeof x[0], nets[i].inputs, stdin) != nets[i].inputs ||\n"
    "                fread(bytes, 1, nets[i].inputs, stdin) != nets[i].inputs)\n"
    "                return 1;\n"
    "            nets[i].predict(x, y);\n"
    "            nets[i].predict_u8(bytes, y + n);\n"
    "            if (nets[i].classify)\n"
    "                classes[0] = (uint32_t)nets[i].classify(y);\n"
    "            fwrite(y, sizeof y[0], 2 * n, stdout);\n"
    "            fwrite(classes, sizeof classes[0], 1, stdout);\n"
    "        }\n"
    "    }\n"
    "    return 0;\n"
    "}\n";

/* Writes the nets as n0.c, n1.c, ..., and all.c, which includes them and runs them. */
static void put_sources(mlp_model *const *nets, size_t count)
{
    char name[32];
    mlp_error error;
    FILE *all = fopen(in_folder("all.c"), "w"), *table = fopen(in_folder("table.h"), "w");
    ck_assert(all && table);
    for (size_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "n%zu.c", i);
        fprintf(all, "#include \"%s\"\n", name);
        const char *path = in_folder(name);
        name[strlen(name) - 2] = '\0';
        ck_assert_msg(mlp_model_export_c(nets[i], path, name, &error) == MLP_OK, "%s",
                      error.message);
        fprintf(table, "{N%zu_INPUTS, N%zu_OUTPUTS, %s_predict, %s_predict_u8, %s%s},\n", i, i,
                name, name, mlp_model_classes(nets[i]) > 0 ? name : "NULL",
                mlp_model_classes(nets[i]) > 0 ? "_class" : "");
    }
    fputs(driver, all);
    ck_assert_int_eq(fclose(all), 0);
    ck_assert_int_eq(fclose(table), 0);
}

/* A net's samples: x [samples][inputs] of each kind. */
struct inputs {
    float *x;
    uint8_t *bytes;
};

/* Draws inputs of `samples` samples of each net and writes them into the file `in`. */
static void put_inputs(mlp_model *const *nets, size_t count, size_t samples,
                       struct inputs *drawn_in)
{
    FILE *file = fopen(in_folder("in"), "wb");
    ck_assert_ptr_nonnull(file);
    for (size_t i = 0; i < count; i++) {
        size_t in = mlp_model_inputs(nets[i]);
        struct inputs *d = &drawn_in[i];
        d->x = malloc(samples * in * sizeof *d->x);
        d->bytes = malloc(samples * in);
        ck_assert(d->x && d->bytes);
        for (size_t k = 0; k < samples * in; k++) {
            d->x[k] = k / in % 4 == 3 ? draw_odd() : draw_float(3);
            d->bytes[k] = (uint8_t)draw();
        }
        for (size_t s = 0; s < samples; s++) {
            fwrite(d->x + s * in, sizeof *d->x, in, file);
            fwrite(d->bytes + s * in, 1, in, file);
        }
    }
    ck_assert_int_eq(fclose(file), 0);
}

/* The same bits, or both NaN. */
static bool same(const float *a, const float *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(&a[i], &b[i], sizeof a[i]) != 0 && !(isnan(a[i]) && isnan(b[i])))
            return false;
    }
    return true;
}

/* Compares a net's outputs in `file` with the library's; returns how many were finite. */
static size_t compare(FILE *file, const mlp_model *model, const struct inputs *inputs,
                      size_t samples, size_t net)
{
    size_t in = mlp_model_inputs(model), n = mlp_model_outputs(model), finite = 0;
    float *found = malloc(2 * n * sizeof *found), *expected = malloc(2 * n * sizeof *found);
    ck_assert(found && expected);
    for (size_t s = 0; s < samples; s++) {
        uint32_t class;
        mlp_model_predict_f32(model, inputs->x + s * in, 1, 1, expected, NULL);
        mlp_model_predict_u8(model, inputs->bytes + s * in, 1, 1, expected + n, NULL);
        ck_assert_uint_eq(fread(found, sizeof *found, 2 * n, file), 2 * n);
        ck_assert_uint_eq(fread(&class, sizeof class, 1, file), 1);
        ck_assert_msg(same(found, expected, 2 * n), "net %zu, sample %zu: %a, expected %a", net, s,
                      (double)found[0], (double)expected[0]);
        if (mlp_model_classes(model) > 0)
            ck_assert_uint_eq(class, mlp_model_class(model, expected));
        finite += isfinite(expected[0]) != 0;
    }
    free(expected);
    free(found);
    return finite;
}

/* Compiles all.c with `compiler` and compares what the program says. */
static void expect_same(const char *compiler, mlp_model *const *nets, size_t count, size_t samples,
                        const struct inputs *inputs)
{
    int code = shell("%s " STRICT "-o all all.c -lm", compiler);
    ck_assert_msg(code == 0, "%s: %s", compiler, err);
    code = shell("./all %zu <in >answers", samples);
    ck_assert_msg(code == 0, "%s: exit code %d", compiler, code);
    FILE *file = fopen(in_folder("answers"), "rb");
    ck_assert_ptr_nonnull(file);
    for (size_t i = 0; i < count; i++)
        ck_assert_uint_ge(compare(file, nets[i], &inputs[i], samples, i), samples / 2);
    ck_assert_int_eq(fgetc(file), EOF);
    fclose(file);
}

/* The same with all of these compilers that are there; frees the nets. */
static void expect_all_same(const char *const *compilers, size_t compiler_count, mlp_model **nets,
                            size_t count, size_t samples)
{
    struct inputs inputs[MAX_NETS] = {{0}};
    ck_assert_uint_le(count, MAX_NETS);
    put_sources(nets, count);
    put_inputs(nets, count, samples, inputs);
    for (size_t c = 0; c < compiler_count; c++) {
        if (shell("set -- %s && command -v $1", compilers[c]) == 0)
            expect_same(compilers[c], nets, count, samples, inputs);
    }
    for (size_t i = 0; i < count; i++) {
        free(inputs[i].x);
        free(inputs[i].bytes);
        mlp_model_destroy(nets[i]);
    }
}

/* --- The same bits ------------------------------------------------------------------- */

START_TEST(every_loss_gives_the_same_bits)
{
    static const char *const compilers[] = {"cc -std=c99 -O2"};
    mlp_model *nets[MAX_NETS];
    expect_all_same(compilers, 1, nets, export_nets_of_losses(nets), 200);
}
END_TEST

START_TEST(every_activation_and_norm_gives_the_same_bits)
{
    static const char *const compilers[] = {"cc -std=c99 -O1"};
    mlp_model *nets[MAX_NETS];
    expect_all_same(compilers, 1, nets, export_nets_of_activations(nets), 200);
}
END_TEST

START_TEST(every_compiler_and_option_gives_the_same_bits)
{
    static const char *const compilers[] = {
        "gcc -std=c99 -O0",
        "gcc -std=c99 -O2",
        "gcc -std=c99 -O3 -march=native",
        "gcc -std=gnu17 -O3 -march=native",
        "gcc -std=gnu17 -O3 -march=native -ffp-contract=fast",
        "clang -std=c99 -O0",
        "clang -std=gnu17 -O3 -march=native",
        "g++ -x c++ -std=c++17 -O2",
    };
    mlp_model *net = export_net_of_everything();
    expect_all_same(compilers, sizeof compilers / sizeof compilers[0], &net, 1, 10000);
}
END_TEST

START_TEST(options_that_change_results_are_refused)
{
    mlp_model *net = export_net_of_everything();
    put_sources(&net, 1);
    ck_assert_int_ne(shell("cc -std=c99 -ffast-math -c n0.c"), 0);
    ck_assert_ptr_nonnull(strstr(err, "-ffast-math and its parts change the results"));
    mlp_model_destroy(net);
}
END_TEST

/* --- What is written ----------------------------------------------------------------- */

/* Whether the file `name` says `text`. */
static bool says(const char *name, const char *text)
{
    size_t size;
    char *file = get_file(in_folder(name), &size);
    bool found = strstr(file, text) != NULL;
    free(file);
    return found;
}

START_TEST(the_file_names_what_the_model_is)
{
    char fingerprint[65];
    mlp_layer_spec layers[] = {{4, MLP_RELU, MLP_NORM_LAYER, 0.5f}, {3, MLP_IDENTITY, 0, 0}};
    mlp_model *model = export_net(2, 2, layers, MLP_CROSS_ENTROPY, true);
    const float weight[] = {0, -0.0f, 1, -0.75f, 0x1p-149f, 0x1.fffffep127f, 3, 0x1.000002p-126f};
    mlp_model_set_layer(model, 0, weight, NULL);
    ck_assert_int_eq(mlp_model_export_c(model, in_folder("a.c"), "net_1", NULL), MLP_OK);
    mlp_model_fingerprint(model, fingerprint);
    ck_assert(says("a.c", MLP_EXPORT_C_START));
    ck_assert(says("a.c", fingerprint));
    ck_assert(says("a.c", "inputs       2, standardised\n"));
    ck_assert(says("a.c", "layer 0      4 units, relu, layer normalisation\n"));
    ck_assert(says("a.c", "classes      3\n"));
    ck_assert(says("a.c", "enum { NET_1_INPUTS = 2, NET_1_OUTPUTS = 3 };"));
    ck_assert(says("a.c", "0x1p0f, 0x0.000002p-126f, 0x1.8p1f, -0.0f, -0x1.8p-1f,"));
    ck_assert(says("a.c", "0x1.fffffep127f, 0x1.000002p-126f,"));
    ck_assert(!says("a.c", "net_1_tanh_scalar")); /* only what it needs */
    ck_assert(!says("a.c", "mlp_"));
    ck_assert(says("a.c", "sqrtf("));
    mlp_model_destroy(model);
}
END_TEST

START_TEST(names_that_are_no_identifiers)
{
    static const char *const bad[] = {
        "", "9x", "a-b", "a b", "x*/", "\xc3\xa4", "a123456789b123456789c123456789d123456789e"};
    mlp_layer_spec layer = {2, MLP_IDENTITY, MLP_NORM_NONE, 0};
    mlp_model *model = export_net(2, 1, &layer, MLP_MSE, false);
    mlp_error error;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_int_eq(mlp_model_export_c(model, in_folder("a.c"), bad[i], &error),
                         MLP_ERROR_USAGE);
        ck_assert_ptr_nonnull(strstr(error.message, "no C identifier: expected at most 40"));
    }
    ck_assert_int_eq(folder_count(), 2);
    ck_assert_int_eq(mlp_model_export_c(model, in_folder("a.c"), bad[6] + 10, NULL), MLP_OK);
    ck_assert_int_eq(mlp_model_export_c(model, in_folder("a.c"), NULL, NULL), MLP_OK);
    ck_assert(says("a.c", "void mlp_predict(const float *x, float *outputs)\n{"));
    ck_assert(!says("a.c", "size_t mlp_class(const")); /* a model about values has no classes */
    mlp_model_destroy(model);
}
END_TEST

START_TEST(parameters_that_are_not_finite)
{
    mlp_layer_spec layer = {2, MLP_IDENTITY, MLP_NORM_NONE, 0};
    mlp_model *model = export_net(1, 1, &layer, MLP_MSE, false);
    mlp_error error;
    const float weights[][2] = {{1, NAN}, {-INFINITY, 1}};
    for (size_t i = 0; i < 2; i++) {
        mlp_model_set_layer(model, 0, weights[i], NULL);
        ck_assert_int_eq(mlp_model_export_c(model, in_folder("a.c"), NULL, &error), MLP_ERROR_DATA);
        ck_assert_ptr_nonnull(strstr(error.message, "a parameter of the model is not finite"));
    }
    ck_assert_int_eq(folder_count(), 2);
    mlp_model_destroy(model);
}
END_TEST

/* Exports over a file `old`, with a call failing; true once nothing fails any more. */
static bool export_with_failure(const mlp_model *model)
{
    mlp_error error;
    long live = mlp_alloc_live();
    mlp_status status = mlp_model_export_c(model, in_folder("a.c"), NULL, &error);
    mlp_alloc_fail_at(0, 0);
    mlp_file_fail_at(0);
    ck_assert_int_eq(mlp_alloc_live(), live);
    ck_assert_int_eq(folder_count(), 3);
    if (status == MLP_OK)
        return true;
    ck_assert_int_eq(status, MLP_ERROR_INTERNAL);
    if (!strstr(error.message, "though the file is written"))
        ck_assert(file_is(in_folder("a.c"), "old", 3));
    return false;
}

START_TEST(every_call_of_an_export_fails)
{
    mlp_model *model = export_net_of_everything();
    for (int persist = 0; persist < 2; persist++) {
        unsigned long n = 0;
        put_file(in_folder("a.c"), "old", 3);
        do
            mlp_alloc_fail_at(++n, persist);
        while (!export_with_failure(model));
        ck_assert_uint_ge(n, 10); /* two texts that grow, the definitions */
    }
    put_file(in_folder("a.c"), "old", 3);
    unsigned long n = 0;
    do
        mlp_file_fail_at(++n);
    while (!export_with_failure(model));
    ck_assert_uint_ge(n, 7);
    mlp_model_destroy(model);
}
END_TEST

/* --- The command --------------------------------------------------------------------- */

START_TEST(the_command_writes_the_file)
{
    char fingerprint[65];
    mlp_model *model = NULL;
    expect_success("$MLP train --data xor --hidden 3 --epochs 1 --save model");
    expect_success("$MLP export model --c a.c --name xor");
    ck_assert_int_eq(mlp_model_load(in_folder("model"), &model, NULL), MLP_OK);
    mlp_model_fingerprint(model, fingerprint);
    ck_assert_ptr_nonnull(strstr(out, fingerprint));
    ck_assert(says("a.c", "void xor_predict(const float *x, float *outputs)\n{"));
    json_t *object = json_of("$MLP export model --c a.c --json"); /* over it */
    ck_assert_str_eq(text_at(object, "fingerprint"), fingerprint);
    ck_assert_str_eq(text_at(json_object_get(object, "files"), "c"), "a.c");
    json_decref(object);
    ck_assert(says("a.c", "void mlp_predict(const float *x, float *outputs)\n{"));
    put_file(in_folder("empty.c"), "", 0);
    expect_success("$MLP export model --c empty.c");
    mlp_model_destroy(model);
}
END_TEST

START_TEST(commands_that_fail)
{
    expect_success("$MLP train --data xor --hidden 3 --epochs 1 --save model");
    expect_success("cp model model.c && mkdir folder.c");
    put_file(in_folder("mine.c"), "int main(void)", 14);
    expect_failure(2, "no model given", "$MLP export");
    expect_failure(2, "nothing to write: expected --c or --onnx with the name of a file",
                   "$MLP export model");
    expect_failure(2, "--name: needs --c", "$MLP export model --name x");
    expect_failure(2, "--c: found 'a.txt', expected a name that ends in .c",
                   "$MLP export model --c a.txt");
    expect_failure(2, "--c: found '.c'", "$MLP export model --c .c");
    expect_failure(2, "--c: the name '9x' is no C identifier",
                   "$MLP export model --c a.c --name 9x");
    expect_failure(2, "--c: 'mine.c' is there and not a C file of mlp export",
                   "$MLP export model --c mine.c");
    expect_failure(2, "--c: './model.c' is the model itself", "$MLP export model.c --c ./model.c");
    expect_failure(2, "'model.c' is there and not a C file", "$MLP export model --c model.c");
    expect_failure(1, "folder.c", "$MLP export model --c folder.c");
    expect_failure(1, "missing/a.c", "$MLP export model --c missing/a.c");
    expect_failure(1, "missing", "$MLP export missing --c a.c");
    expect_failure(3, "mine.c", "$MLP export mine.c --c a.c");
    expect_failure(2, "does not go with mlp train", "$MLP train --c a.c");
    ck_assert(file_is(in_folder("mine.c"), "int main(void)", 14));
}
END_TEST

int main(void)
{
    enum { SKIPPED = 77 };
    if (system("cc --version >/dev/null 2>&1") != 0) {
        printf("not run: there is no compiler cc\n");
        return SKIPPED;
    }
    Suite *suite = suite_create("export_c");
    TCase *tests = tcase_create("export_c");
    tcase_add_checked_fixture(tests, shell_set_up, folder_remove);
    tcase_set_timeout(tests, 240);
    tcase_add_test(tests, every_loss_gives_the_same_bits);
    tcase_add_test(tests, every_activation_and_norm_gives_the_same_bits);
    tcase_add_test(tests, every_compiler_and_option_gives_the_same_bits);
    tcase_add_test(tests, options_that_change_results_are_refused);
    tcase_add_test(tests, the_file_names_what_the_model_is);
    tcase_add_test(tests, names_that_are_no_identifiers);
    tcase_add_test(tests, parameters_that_are_not_finite);
    tcase_add_test(tests, every_call_of_an_export_fails);
    tcase_add_test(tests, the_command_writes_the_file);
    tcase_add_test(tests, commands_that_fail);
    suite_add_tcase(suite, tests);
    return program_run(suite);
}
