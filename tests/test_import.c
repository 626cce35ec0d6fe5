/* SPDX-License-Identifier: MIT */
/* Safetensors files of other programs. */
#include "alloc.h"
#include "bytes.h"
#include "file.h"
#include "folder.h"
#include "formats/safetensors_names.h"
#include "loading.h"
#include "st_files.h"
#include "suite.h"

#include <mlp/import.h>

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 3 -> 4 -> 2 as PyTorch saves it. */
static const struct st_tensor torch_net[] = {
    {"0.weight", "F32", 4, 3, -1},
    {"0.bias", "F32", 4, 0, 1},
    {"2.weight", "F32", 2, 4, 2},
    {"2.bias", "F32", 2, 0, -3},
    {0},
};

/* The same as Keras names and turns it, whatever the numbers. */
static const struct st_tensor keras_net[] = {
    {"dense/kernel", "F32", 3, 4, -1},
    {"dense/bias", "F32", 4, 0, 1},
    {"dense_1/kernel", "F32", 4, 2, 2},
    {"dense_1/bias", "F32", 2, 0, -3},
    {0},
};

static mlp_model *import(const char *path, const mlp_import_options *options)
{
    mlp_error error;
    mlp_model *model = NULL;
    ck_assert_msg(mlp_model_import(path, options, &model, &error) == MLP_OK, "%s", error.message);
    return model;
}

/* The import fails with `status` and one line that says `reason`; nothing stays allocated. */
static void expect_refused(mlp_status status, const char *path, const mlp_import_options *options,
                           const char *reason)
{
    mlp_error error = {.message = ""};
    mlp_model *model = NULL;
    long live = mlp_alloc_live();
    ck_assert_msg(mlp_model_import(path, options, &model, &error) == status, "%s: '%s'", reason,
                  error.message);
    ck_assert_int_eq(error.status, status);
    ck_assert_msg(strstr(error.message, reason) != NULL, "'%s' says not '%s'", error.message,
                  reason);
    if (status == MLP_ERROR_DATA)
        ck_assert_int_eq(strncmp(error.message, path, strlen(path)), 0);
    ck_assert_ptr_null(strchr(error.message, '\n'));
    ck_assert_ptr_null(model);
    ck_assert_int_eq(mlp_alloc_live(), live);
}

static void expect_bad_import(const struct st_tensor *tensors, const mlp_import_options *options,
                              const char *reason)
{
    expect_refused(MLP_ERROR_DATA, put_tensors(tensors, NULL), options, reason);
}

/* Weights of a layer: element k of the file is `first` + k / 8. */
static void assert_layer(const mlp_model *model, size_t l, double first, bool in_out, double bias)
{
    enum { MOST = 64 };
    float weight[MOST], biases[MOST];
    size_t in = mlp_model_layer_inputs(model, l), out = mlp_model_spec(model)->layers[l].units;
    ck_assert_uint_le(in * out, MOST);
    mlp_model_get_layer(model, l, weight, biases);
    for (size_t o = 0; o < out; o++) {
        for (size_t i = 0; i < in; i++) {
            size_t k = in_out ? i * out + o : o * in + i;
            ck_assert_double_eq((double)weight[o * in + i], first + (double)k / 8);
        }
        ck_assert_double_eq((double)biases[o], isnan(bias) ? 0 : bias + (double)o / 8);
    }
}

/* --- Good files ------------------------------------------------------------------ */

START_TEST(a_state_dict_of_pytorch_is_a_model)
{
    mlp_model *model = import(put_tensors(torch_net, "{\"format\":\"pt\"}"), NULL);
    const mlp_spec *spec = mlp_model_spec(model);
    ck_assert_uint_eq(spec->inputs, 3);
    ck_assert_uint_eq(spec->layer_count, 2);
    ck_assert_uint_eq(spec->layers[0].units, 4);
    ck_assert_uint_eq(spec->layers[1].units, 2);
    ck_assert_int_eq(spec->layers[0].activation, MLP_RELU);
    ck_assert_int_eq(spec->layers[1].activation, MLP_IDENTITY);
    ck_assert_int_eq(spec->loss, MLP_CROSS_ENTROPY);
    assert_layer(model, 0, -1, false, 1);
    assert_layer(model, 1, 2, false, -3);
    mlp_model_destroy(model);
}
END_TEST

START_TEST(options_say_what_tensors_do_not)
{
    mlp_import_options options = {
        .has_activation = true, .activation = MLP_GELU, .has_loss = true, .loss = MLP_MSE};
    mlp_model *model = import(put_tensors(torch_net, NULL), &options);
    ck_assert_int_eq(mlp_model_spec(model)->layers[0].activation, MLP_GELU);
    ck_assert_int_eq(mlp_model_spec(model)->layers[1].activation, MLP_IDENTITY);
    ck_assert_int_eq(mlp_model_spec(model)->loss, MLP_MSE);
    mlp_model_destroy(model);
}
END_TEST

START_TEST(weights_of_keras_are_turned)
{
    mlp_import_options options = {.in_out = true};
    mlp_model *model = import(put_tensors(keras_net, NULL), &options);
    ck_assert_uint_eq(mlp_model_inputs(model), 3);
    assert_layer(model, 0, -1, true, 1);
    assert_layer(model, 1, 2, true, -3);
    mlp_model_destroy(model);
}
END_TEST

/* Every type in both orientations, with and without biases. */
START_TEST(every_type_of_floats_is_read)
{
    static const char *const types[] = {"F32", "F16", "BF16", "F64"};
    for (size_t i = 0; i < 4; i++) {
        for (int in_out = 0; in_out <= 1; in_out++) {
            struct st_tensor net[] = {{"a.weight", types[i], 5, 3, -0.5},
                                      {"b.weight", types[3 - i], 2, 5, -0.25},
                                      {"b.bias", types[i], 2, 0, 0},
                                      {0}};
            mlp_import_options options = {.in_out = in_out};
            if (in_out) {
                net[0] = (struct st_tensor){"a.weight", types[i], 3, 5, -0.5};
                net[1] = (struct st_tensor){"b.weight", types[3 - i], 5, 2, -0.25};
            }
            mlp_model *model = import(put_tensors(net, NULL), &options);
            assert_layer(model, 0, -0.5, in_out, NAN);
            assert_layer(model, 1, -0.25, in_out, 0);
            mlp_model_destroy(model);
        }
    }
}
END_TEST

/* Bits of a number in its type, and of the float that it becomes. */
START_TEST(numbers_become_the_nearest_float)
{
    static const struct {
        const char *type;
        unsigned long long bits;
        float expected;
    } cases[] = {
        {"F16", 0x0001, 0x1p-24f},
        {"F16", 0x83ff, -0x3ffp-24f},
        {"F16", 0x7bff, 65504.0f},
        {"F16", 0x3555, 0x1.554p-2f},
        {"BF16", 0x0001, 0x1p-133f},
        {"BF16", 0xff7f, -0x1.fep127f},
        {"F64", 0x3ff0000010000000, 1.0f},          /* half way to the next float: to even */
        {"F64", 0x3ff0000010000001, 0x1.000002p0f}, /* past it */
        {"F64", 0x3ff0000030000000, 0x1.000004p0f}, /* half way: to even */
        {"F64", 0x47efffffefffffff, 0x1.fffffep127f},
        {"F64", 0x36a0000000000000, 0x1p-149f},
        {"F64", 0x8000000000000001, -0.0f},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct st_tensor net[] = {{"0.weight", cases[i].type, 2, 2, 0}, {0}};
        float weight[4];
        mlp_model *model = import(put_tensors_with(net, 3, cases[i].bits), NULL);
        mlp_model_get_layer(model, 0, weight, NULL);
        ck_assert_int_eq(memcmp(&weight[3], &cases[i].expected, sizeof(float)), 0);
        mlp_model_destroy(model);
    }
}
END_TEST

START_TEST(layers_are_in_natural_order)
{
    static const struct st_tensor net[] = {{"fc10.bias", "F32", 2, 0, 3},
                                           {"fc10.weight", "F32", 2, 2, 30},
                                           {"fc2.bias", "F32", 2, 0, 2},
                                           {"fc2.weight", "F32", 2, 2, 20},
                                           {"fc1.bias", "F32", 2, 0, 1},
                                           {"fc1.weight", "F32", 2, 2, 10},
                                           {0}};
    mlp_model *model = import(put_tensors(net, NULL), NULL);
    assert_layer(model, 0, 10, false, 1);
    assert_layer(model, 1, 20, false, 2);
    assert_layer(model, 2, 30, false, 3);
    mlp_model_destroy(model);
}
END_TEST

START_TEST(names_compare_by_their_numbers)
{
    static const char *const sorted[] = {"0.weight",
                                         "2.weight",
                                         "10.weight",
                                         "dense/kernel",
                                         "dense_1/kernel",
                                         "dense_2/kernel",
                                         "dense_10/kernel",
                                         "fc01",
                                         "fc1",
                                         "fc18446744073709551617",
                                         "fc20000000000000000000",
                                         "w",
                                         "w0",
                                         "w0b"};
    enum { COUNT = sizeof sorted / sizeof sorted[0] };
    for (int i = 0; i < COUNT; i++) {
        for (int k = 0; k < COUNT; k++) {
            int order = mlp_st_compare_names(sorted[i], sorted[k]);
            ck_assert_msg((order > 0) - (order < 0) == (i > k) - (i < k), "%s, %s", sorted[i],
                          sorted[k]);
        }
    }
}
END_TEST

START_TEST(a_bias_has_its_weights_name_but_for_a_word)
{
    static const char *const names[][2] = {
        {"fc.weight", "fc.bias"},
        {"dense/kernel", "dense/bias"},
        {"dense/kernel:0", "dense/bias:0"},
        {"weight.0", "bias.0"},
        {"weights_0", "biases_0"},
        {"layers.0.W", "layers.0.b"},
        {"W0", "B0"},
        {"w0", "b0"},
        {"coefs_0", "intercepts_0"},
        {"weight.weight", "weight.bias"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct st_tensor net[] = {
            {names[i][0], "F32", 2, 3, 1}, {names[i][1], "F32", 2, 0, 5}, {0}};
        mlp_model *model = import(put_tensors(net, NULL), NULL);
        assert_layer(model, 0, 1, false, 5);
        mlp_model_destroy(model);
    }
}
END_TEST

START_TEST(a_map_names_layers_and_leaves_the_rest)
{
    static const struct st_tensor net[] = {{"head.weight", "F32", 2, 4, 2},
                                           {"head.bias", "F32", 2, 0, -3},
                                           {"steps", "I64", 0, 0, 9},
                                           {"body.w", "F32", 4, 3, -1},
                                           {"c", "F32", 4, 0, 1},
                                           {"ids", "I64", 2, 0, 0},
                                           {0}};
    static const char *const maps[] = {"body.w+c,head", "body.w+c,head.weight",
                                       "body.w+c,head.weight+head.bias"};
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++) {
        mlp_import_options options = {.map = maps[i]};
        mlp_model *model = import(put_tensors(net, NULL), &options);
        assert_layer(model, 0, -1, false, 1);
        assert_layer(model, 1, 2, false, -3);
        mlp_model_destroy(model);
    }
    mlp_import_options options = {.map = "body"};
    mlp_model *model = import(put_tensors(net, NULL), &options);
    assert_layer(model, 0, -1, false, NAN);
    mlp_model_destroy(model);
    options = (mlp_import_options){.map = "dense,dense_1", .in_out = true};
    model = import(put_tensors(keras_net, NULL), &options);
    assert_layer(model, 1, 2, true, -3);
    mlp_model_destroy(model);
}
END_TEST

/* What other programs write is told by its first bytes. */
START_TEST(files_that_are_something_else)
{
    static const struct {
        const char *start, *what;
    } files[] = {
        {"PK\3\4 and more bytes than the eight of a length", "a zip archive, as Keras"},
        {"\x89HDF\r\n\x1a\n and more", "an HDF5 file, as Keras writes"},
        {"\x80\2 a pickle has more than this", "a pickle, as PyTorch wrote"},
        {"\x1f\x8b\x08 and more of it", "gz data: unpack it before"},
        {"\x93NUMPY and more of it", "an array of NumPy"},
        {"\x08\x08\x12\x07pytorch and more", "perhaps an ONNX graph"},
        {"label,a,b and so on", "header of "},
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        const char *path = in_folder("file");
        put_file(path, files[i].start, strlen(files[i].start));
        expect_refused(MLP_ERROR_DATA, path, NULL, files[i].what);
    }
}
END_TEST

START_TEST(a_file_of_mlp_tells_all_by_itself)
{
    static const mlp_import_options given[] = {
        {.has_activation = true}, {.has_loss = true}, {.in_out = true}, {.map = "0"}};
    char expected[65], found[65];
    const char *path = in_folder("own");
    mlp_model *model = full_model();
    mlp_model_fingerprint(model, expected);
    ck_assert_int_eq(mlp_model_save(model, path, NULL), MLP_OK);
    mlp_model_destroy(model);
    model = import(path, NULL);
    mlp_model_fingerprint(model, found);
    ck_assert_str_eq(found, expected);
    mlp_model_destroy(model);
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++)
        expect_refused(MLP_ERROR_USAGE, path, &given[i], "a model of mlp tells its layers");
    /* Not taken for another program's, whatever it has lost. */
    expect_refused(MLP_ERROR_DATA, put_tensors(torch_net, "{\"mlp.loss\":\"mse\"}"), NULL,
                   "no mlp.version");
}
END_TEST

START_TEST(what_is_imported_is_saved_and_loaded)
{
    char expected[65], found[65];
    mlp_model *model = import(put_tensors(torch_net, NULL), NULL), *loaded = NULL;
    mlp_model_fingerprint(model, expected);
    ck_assert_int_eq(mlp_model_save(model, in_folder("own"), NULL), MLP_OK);
    ck_assert_int_eq(mlp_model_load(in_folder("own"), &loaded, NULL), MLP_OK);
    mlp_model_fingerprint(loaded, found);
    ck_assert_str_eq(found, expected);
    mlp_model_destroy(loaded);
    mlp_model_destroy(model);
}
END_TEST

/* --- Bad files ------------------------------------------------------------------- */

#define TENSOR(shape, begin, end)                                                                  \
    "{\"a.weight\":{\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":[" #begin "," #end "]}"
#define SECOND(begin, end)                                                                         \
    ",\"a.bias\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[" #begin "," #end "]}}"

/* A header and its data's size; what all safetensors files must be, without anything of mlp. */
static const struct {
    const char *header;
    size_t size;
    const char *reason;
} bad_headers[] = {
    {"", 0, "the header does not start with '{'"},                 /* 71 */
    {"{\"\xff\":1}", 0, "bad header"},                             /* 70 */
    {"{\"a\":}", 0, "bad header"},                                 /* 71 */
    {TENSOR("[2,3]", 0, 24) ",\"a.weight\":1}", 24, "bad header"}, /* 73 */
    {"{\"a\":{\"dtype\":\"Q9\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
     "dtype is 'Q9'"},                                                      /* 74 */
    {TENSOR("[-2,3]", 0, 24) "}", 24, "dimension 0 is not a whole number"}, /* 75 */
    {TENSOR("[2,3.0]", 0, 24) "}", 24, "dimension 1 is not a whole number"},
    {TENSOR("[2,3e0]", 0, 24) "}", 24, "dimension 1 is not a whole number"},
    {TENSOR("[4294967296,4294967296]", 0, 24) "}", 24, "do not fit the shape"}, /* 76 */
    {TENSOR("[9223372036854775807,3]", 0, 24) "}", 24, "do not fit the shape"},
    {TENSOR("[2,3]", 24, 0) "}", 24, "end at 0, before they begin at 24"},           /* 77 */
    {TENSOR("[2,3]", 0, 24) SECOND(20, 28), 28, "an overlap between tensors"},       /* 78 */
    {TENSOR("[2,3]", 0, 24) SECOND(28, 36), 36, "a hole between tensors"},           /* 79 */
    {TENSOR("[2,3]", 0, 24) "}", 25, "1 bytes after the last tensor"},               /* 80 */
    {TENSOR("[2,3]", 0, 32) "}", 32, "32 bytes of data do not fit the shape 2 x 3"}, /* 81 */
};

START_TEST(cases_70_to_81_of_foreign_files)
{
    unsigned char bytes[1024] = {0};
    size_t length = strlen(bad_headers[_i].header);
    mlp_store_u64(bytes, length);
    memcpy(bytes + 8, bad_headers[_i].header, length);
    put_file(in_folder("foreign"), bytes, 8 + length + bad_headers[_i].size);
    expect_refused(MLP_ERROR_DATA, in_folder("foreign"), NULL, bad_headers[_i].reason);
}
END_TEST

START_TEST(cases_67_to_69_of_foreign_files)
{
    static const unsigned char ones[16] = {255, 255, 255, 255, 255, 255, 255, 255, '{', '}'};
    static const unsigned char longer[10] = {3, 0, 0, 0, 0, 0, 0, 0, '{', '}'};
    put_file(in_folder("foreign"), longer, 7);
    expect_refused(MLP_ERROR_DATA, in_folder("foreign"), NULL, "7 bytes, a safetensors file has");
    put_file(in_folder("foreign"), longer, sizeof longer);
    expect_refused(MLP_ERROR_DATA, in_folder("foreign"), NULL, "header of 3 bytes in a file of 10");
    put_file(in_folder("foreign"), ones, sizeof ones);
    expect_refused(MLP_ERROR_DATA, in_folder("foreign"), NULL, "18446744073709551615 bytes");
}
END_TEST

START_TEST(case_74_types_that_are_no_floats)
{
    static const struct st_tensor whole[] = {{"0.weight", "I64", 2, 3, 0}, {0}};
    static const struct st_tensor bias[] = {
        {"0.weight", "F32", 2, 3, 0}, {"0.bias", "I64", 2, 0, 0}, {0}};
    expect_bad_import(whole, NULL, "'0.weight': dtype is 'I64', expected F32, F16, BF16 or F64");
    expect_bad_import(bias, NULL, "'0.bias': dtype is 'I64', expected F32");
}
END_TEST

/* Types and shapes that the format has and no layer: a map passes them by. */
START_TEST(tensors_that_are_no_layers_may_be_anything)
{
    static const char *const others[] = {
        "\"dtype\":\"U8\",\"shape\":[8]",
        "\"dtype\":\"C64\",\"shape\":[]",
        "\"dtype\":\"F8_E8M0\",\"shape\":[2,2,2]",
        "\"dtype\":\"F32\",\"shape\":[1,1,2,1]",
    };
    static const char *const empty[] = {"[0]", "[0,9223372036854775807]",
                                        "[9223372036854775807,3,0]"};
    static const mlp_import_options map = {.map = "a"};
    for (size_t i = 0; i < 4 * 3; i++) {
        unsigned char bytes[1024] = {0};
        char *header = (char *)bytes + 8;
        snprintf(header, sizeof bytes - 8,
                 "{\"a.weight\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
                 "\"b\":{%s,\"data_offsets\":[24,32]},"
                 "\"c\":{\"dtype\":\"I64\",\"shape\":%s,\"data_offsets\":[24,24]}}",
                 others[i / 3], empty[i % 3]);
        size_t length = strlen(header);
        mlp_store_u64(bytes, length);
        put_file(in_folder("foreign"), bytes, 8 + length + 32);
        mlp_model_destroy(import(in_folder("foreign"), &map));
        expect_refused(MLP_ERROR_DATA, in_folder("foreign"), &(mlp_import_options){.map = "c"},
                       "tensor 'c': dtype is 'I64'");
    }
}
END_TEST

START_TEST(a_layer_without_elements_is_none)
{
    static const char header[] = "{\"a.weight\":{\"dtype\":\"F32\",\"shape\":[0,3],"
                                 "\"data_offsets\":[0,0]}}";
    unsigned char bytes[128];
    mlp_store_u64(bytes, strlen(header));
    memcpy(bytes + 8, header, strlen(header));
    put_file(in_folder("foreign"), bytes, 8 + strlen(header));
    expect_refused(MLP_ERROR_DATA, in_folder("foreign"), NULL, "'a.weight' has no elements");
}
END_TEST

START_TEST(case_82_foreign_metadata_that_is_no_string)
{
    expect_refused(MLP_ERROR_DATA, put_tensors(torch_net, "{\"format\":1}"), NULL,
                   "__metadata__: 'format' is not a string");
    expect_refused(MLP_ERROR_DATA, put_tensors(torch_net, "[]"), NULL,
                   "__metadata__ is not an object");
}
END_TEST

START_TEST(case_83_missing_or_extra_tensor)
{
    static const struct st_tensor nothing[] = {{0}};
    static const struct st_tensor biases[] = {{"0.bias", "F32", 4, 0, 0}, {0}};
    static const struct st_tensor norm[] = {
        {"0.weight", "F32", 4, 3, -1}, {"1.weight", "F32", 4, 0, 1}, {0}};
    static const struct st_tensor counter[] = {
        {"0.weight", "F32", 4, 3, -1}, {"steps", "I64", 0, 0, 1}, {0}};
    static const struct st_tensor shared[] = {{"a.weight", "F32", 2, 2, 0},
                                              {"a.kernel", "F32", 2, 2, 0},
                                              {"a.bias", "F32", 2, 0, 0},
                                              {0}};
    expect_bad_import(nothing, NULL, "no tensors, expected weights and biases");
    expect_bad_import(biases, NULL, "'0.bias' has one dimension and is the bias of no weight");
    expect_bad_import(norm, NULL, "'1.weight' has one dimension and is the bias of no weight");
    expect_bad_import(counter, NULL, "'steps': dtype is 'I64', expected F32");
    expect_bad_import(shared, NULL, "'a.bias' would belong to two layers");
    expect_bad_import(torch_net, &(mlp_import_options){.map = "0,1"},
                      "no tensor '1', nor one with .weight or /kernel after that, which the map "
                      "names; the first of 4 is '0.bias'");
    expect_bad_import(torch_net, &(mlp_import_options){.map = "0.weight+bias"},
                      "no tensor 'bias', which the map names");
    expect_bad_import(torch_net, &(mlp_import_options){.map = "w+0.bias"}, "no tensor 'w', which");
    expect_bad_import(torch_net, &(mlp_import_options){.map = "0,0"},
                      "'0.weight' would belong to two layers");
    expect_bad_import(torch_net, &(mlp_import_options){.map = "0,2.weight+0.bias"},
                      "'0.bias' would belong to two layers");
}
END_TEST

START_TEST(case_84_wrong_shape)
{
    static const struct st_tensor scalar[] = {{"0.weight", "F32", 0, 0, 0}, {0}};
    static const struct st_tensor flat[] = {
        {"0.weight", "F32", 2, 3, 0}, {"0.bias", "F32", 1, 2, 0}, {0}};
    static const struct st_tensor longer[] = {
        {"0.weight", "F32", 2, 3, 0}, {"0.bias", "F32", 4, 0, 0}, {0}};
    expect_bad_import(scalar, NULL, "'0.weight' has 0 dimensions, expected the 2 of a weight");
    expect_bad_import(flat, NULL, "'0.bias' has 2 dimensions, expected the 1 of a bias");
    expect_bad_import(torch_net, &(mlp_import_options){.map = "0.bias"},
                      "'0.bias' has 1 dimensions, expected the 2 of a weight");
    expect_bad_import(longer, NULL,
                      "'0.bias' has 4 values, but '0.weight', 2 x 3, has 2 outputs in the "
                      "orientation out-in: expected a map");
    expect_bad_import(longer, &(mlp_import_options){.map = "0", .in_out = true},
                      "2 x 3, has 3 outputs in the orientation in-out");
}
END_TEST

START_TEST(case_85_weights_that_are_not_finite)
{
    static const struct {
        const char *type;
        unsigned long long bits;
        const char *reason;
    } cases[] = {
        {"F32", 0x7fc00000, "a NaN"},
        {"F32", 0xff800000, "an infinity"},
        {"F16", 0x7e00, "a NaN"},
        {"F16", 0xfc00, "an infinity"},
        {"BF16", 0x7fc0, "a NaN"},
        {"BF16", 0x7f80, "an infinity"},
        {"F64", 0x7ff8000000000000, "a NaN"},
        {"F64", 0x7ff0000000000000, "an infinity"},
        {"F64", 0x7fe0000000000000, "8.98847e+307, expected a number in the range of F32"},
        {"F64", 0xc7effffff0000000, "-3.40282e+38, expected a number in the range of F32"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct st_tensor weight[] = {{"0.weight", cases[i].type, 2, 3, 0}, {0}};
        struct st_tensor bias[] = {
            {"0.weight", "F32", 2, 3, 0}, {"0.bias", cases[i].type, 2, 0, 0}, {0}};
        mlp_import_options turned = {.in_out = true};
        char reason[128];
        snprintf(reason, sizeof reason, "tensor '0.weight' holds %s", cases[i].reason);
        expect_refused(MLP_ERROR_DATA, put_tensors_with(weight, 4, cases[i].bits), NULL, reason);
        expect_refused(MLP_ERROR_DATA, put_tensors_with(weight, 4, cases[i].bits), &turned, reason);
        snprintf(reason, sizeof reason, "tensor '0.bias' holds %s", cases[i].reason);
        expect_refused(MLP_ERROR_DATA, put_tensors_with(bias, 1, cases[i].bits), NULL, reason);
    }
}
END_TEST

START_TEST(case_85_a_foreign_file_with_bad_numbers_can_be_inspected)
{
    static const struct st_tensor net[] = {
        {"0.weight", "F32", 2, 3, 0}, {"0.bias", "F64", 2, 0, 0}, {0}};
    const mlp_import_options options = {.any_numbers = true};
    float bias[2];
    mlp_model *model = import(put_tensors_with(net, 1, 0x7fe0000000000000), &options);
    ck_assert_uint_eq(mlp_model_bad_numbers(model), 1);
    mlp_model_get_layer(model, 0, NULL, bias);
    ck_assert(isinf(bias[1]));
    mlp_model_destroy(model);
}
END_TEST

START_TEST(case_86_layers_that_do_not_chain)
{
    static const struct st_tensor neither[] = {
        {"0.weight", "F32", 4, 3, 0}, {"1.weight", "F32", 2, 5, 0}, {0}};
    static const struct st_tensor names[] = {
        {"decoder.weight", "F32", 2, 4, 0}, {"encoder.weight", "F32", 4, 3, 0}, {0}};
    expect_bad_import(keras_net, NULL,
                      "'dense/bias' has 4 values, but 'dense/kernel', 3 x 4, has 3 outputs in the "
                      "orientation out-in: expected the orientation in-out, in which all");
    expect_bad_import(torch_net, &(mlp_import_options){.in_out = true},
                      "expected the orientation out-in, in which all layers chain");
    expect_bad_import(neither, NULL,
                      "'1.weight', 2 x 5, takes 5 inputs, but '0.weight' before it has 4 outputs "
                      "in the orientation out-in: expected a map that names the layers");
    expect_bad_import(names, NULL, "takes 3 inputs, but 'decoder.weight' before it has 2 outputs");
    mlp_model_destroy(
        import(put_tensors(names, NULL), &(mlp_import_options){.map = "encoder,decoder"}));
}
END_TEST

START_TEST(a_loss_that_does_not_fit_is_asked_for)
{
    static const struct st_tensor one[] = {{"0.weight", "F32", 1, 3, 0}, {0}};
    mlp_import_options mse = {.has_loss = true, .loss = MLP_MSE};
    mlp_import_options classes = {.has_loss = true, .loss = MLP_CROSS_ENTROPY};
    expect_bad_import(one, NULL, "the last layer has 1 outputs, expected a loss to be named");
    expect_bad_import(one, &classes, "2 to 256 classes for cross_entropy");
    mlp_model_destroy(import(put_tensors(one, NULL), &mse));
}
END_TEST

START_TEST(options_that_make_no_sense)
{
    static const char *const maps[] = {"", ",", "0,", ",0", "0,,2", "0+", "+0", "0,+"};
    const char *path = put_tensors(torch_net, NULL);
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++)
        expect_refused(MLP_ERROR_USAGE, path, &(mlp_import_options){.map = maps[i]}, "map: item ");
    mlp_import_options options = {.has_loss = true, .loss = (mlp_loss)1000};
    expect_refused(MLP_ERROR_USAGE, path, &options, "unknown loss 1000");
    options = (mlp_import_options){.has_activation = true, .activation = (mlp_activation)1000};
    expect_refused(MLP_ERROR_USAGE, path, &options, "unknown activation 1000");
}
END_TEST

START_TEST(every_truncation_is_refused)
{
    size_t size;
    char *bytes = get_file(put_tensors(torch_net, NULL), &size);
    while (size-- > 0) {
        put_file(in_folder("cut"), bytes, size);
        expect_refused(MLP_ERROR_DATA, in_folder("cut"), NULL, "");
    }
    free(bytes);
}
END_TEST

static bool import_with_failure(const mlp_import_options *options)
{
    mlp_error error = {.message = ""};
    mlp_model *model = NULL;
    mlp_status status = mlp_model_import(in_folder("foreign"), options, &model, &error);
    mlp_alloc_fail_at(0, 0);
    mlp_file_fail_at(0);
    if (status == MLP_OK) {
        mlp_model_destroy(model);
        return true;
    }
    ck_assert_int_eq(status, MLP_ERROR_INTERNAL);
    ck_assert_str_ne(error.message, "");
    ck_assert_ptr_null(model);
    return false;
}

/* The nth allocation from now fails, and with `persist` all later ones. */
static void fail_allocations(const mlp_import_options *options, int persist)
{
    unsigned long n;
    long live = mlp_alloc_live();
    put_tensors(torch_net, NULL);
    for (n = 1;; n++) {
        mlp_alloc_fail_at(n, persist);
        bool done = import_with_failure(options);
        ck_assert_int_eq(mlp_alloc_live(), live);
        if (done)
            break;
    }
    ck_assert_uint_ge(n, 6);
}

START_TEST(every_call_fails_once_and_for_good)
{
    static const mlp_import_options maps[] = {{.map = NULL}, {.map = "0.weight+0.bias,2"}};
    for (size_t i = 0; i < 2; i++) {
        fail_allocations(&maps[i], 0);
        fail_allocations(&maps[i], 1);
    }
    unsigned long n = 1;
    for (mlp_file_fail_at(n); !import_with_failure(NULL); mlp_file_fail_at(n))
        n++;
    ck_assert_uint_ge(n, 4);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("import");
    TCase *tests = tcase_create("import");
    tcase_add_checked_fixture(tests, folder_make, folder_remove);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_state_dict_of_pytorch_is_a_model);
    tcase_add_test(tests, options_say_what_tensors_do_not);
    tcase_add_test(tests, weights_of_keras_are_turned);
    tcase_add_test(tests, every_type_of_floats_is_read);
    tcase_add_test(tests, numbers_become_the_nearest_float);
    tcase_add_test(tests, layers_are_in_natural_order);
    tcase_add_test(tests, names_compare_by_their_numbers);
    tcase_add_test(tests, a_bias_has_its_weights_name_but_for_a_word);
    tcase_add_test(tests, a_map_names_layers_and_leaves_the_rest);
    tcase_add_test(tests, files_that_are_something_else);
    tcase_add_test(tests, a_file_of_mlp_tells_all_by_itself);
    tcase_add_test(tests, what_is_imported_is_saved_and_loaded);
    tcase_add_test(tests, cases_67_to_69_of_foreign_files);
    tcase_add_loop_test(tests, cases_70_to_81_of_foreign_files, 0,
                        (int)(sizeof bad_headers / sizeof bad_headers[0]));
    tcase_add_test(tests, case_74_types_that_are_no_floats);
    tcase_add_test(tests, tensors_that_are_no_layers_may_be_anything);
    tcase_add_test(tests, a_layer_without_elements_is_none);
    tcase_add_test(tests, case_82_foreign_metadata_that_is_no_string);
    tcase_add_test(tests, case_83_missing_or_extra_tensor);
    tcase_add_test(tests, case_84_wrong_shape);
    tcase_add_test(tests, case_85_weights_that_are_not_finite);
    tcase_add_test(tests, case_85_a_foreign_file_with_bad_numbers_can_be_inspected);
    tcase_add_test(tests, case_86_layers_that_do_not_chain);
    tcase_add_test(tests, a_loss_that_does_not_fit_is_asked_for);
    tcase_add_test(tests, options_that_make_no_sense);
    tcase_add_test(tests, every_truncation_is_refused);
    tcase_add_test(tests, every_call_fails_once_and_for_good);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
