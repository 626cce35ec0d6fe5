/* SPDX-License-Identifier: MIT */
/* Graphs that are no chain of layers, damaged tensors, data in other files. */
#include "bytes.h"
#include "folder.h"
#include "onnx_files.h"
#include "suite.h"

#include <mlp/mlp.h>

#include <check.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- What is no chain of layers ---------------------------------------------------------- */

START_TEST(operators_that_no_layer_has)
{
    struct onnx_graph g;
    onnx_begin_gemm(&g);
    onnx_node(&g, "Conv", "w");
    onnx_bad(&g, "node 'Conv_1' (Conv): an operator that no layer has");
    onnx_begin_gemm(&g);
    onnx_node(&g, "Relu", NULL);
    onnx_newest(&g)->domain = mlp_onnx_copy_text(&g.b, "com.example");
    onnx_bad(&g, "node 'Relu_1' (Relu): of the domain 'com.example'");
    onnx_begin_gemm(&g);
    onnx_node(&g, "Erf", NULL);
    onnx_bad(&g, "node 'Erf_1' (Erf): an operator that no layer has");
}
END_TEST

START_TEST(attributes_that_do_not_fit)
{
    static const struct {
        const char *op, *attribute;
        float value;
        const char *reason;
    } floats[] = {
        {"LeakyRelu", "alpha", 0.2f, "(LeakyRelu): alpha is 0.2, expected 0.01"},
        {"Elu", "alpha", 2, "(Elu): alpha is 2, expected 1"},
        {"Selu", "gamma", 1, "(Selu): gamma is 1"},
        {"HardSigmoid", "beta", 0.5f, "(HardSigmoid): alpha is 0.2, expected 0.166667"},
        {"LeakyRelu", "alpha", NAN, "(LeakyRelu): alpha is"},
    };
    struct onnx_graph g;
    for (size_t i = 0; i < sizeof floats / sizeof floats[0]; i++) {
        onnx_begin_gemm(&g);
        onnx_node(&g, floats[i].op, NULL);
        mlp_onnx_add_float(&g.b, floats[i].attribute, floats[i].value);
        onnx_bad(&g, floats[i].reason);
    }
    static const struct {
        const char *op, *attribute;
        int64_t value;
        const char *reason;
    } ints[] = {
        {"Softmax", "axis", 0, "(Softmax): axis is 0, expected 1 or -1"},
        {"Flatten", "axis", 0, "(Flatten): axis is 0, expected 1"},
        {"Cast", "to", 7, "(Cast): to type 7, expected 1 (float)"},
    };
    for (size_t i = 0; i < sizeof ints / sizeof ints[0]; i++) {
        onnx_begin_gemm(&g);
        onnx_node(&g, ints[i].op, NULL);
        mlp_onnx_add_int(&g.b, ints[i].attribute, ints[i].value);
        onnx_bad(&g, ints[i].reason);
    }
    onnx_begin_gemm(&g);
    onnx_node(&g, "Gemm", "v");
    mlp_onnx_add_int(&g.b, "transA", 1);
    onnx_bad(&g, "node 'Gemm_1' (Gemm): transA is not 0, expected a sample in each row of all but");
    onnx_begin(&g);
    onnx_node(&g, "Sub", "one");
    onnx_node(&g, "Gemm", "wt");
    mlp_onnx_add_int(&g.b, "transA", 1);
    onnx_bad(&g, "node 'Gemm_1' (Gemm): transA is not 0");
    onnx_begin(&g);
    g.dims[0].has_dim_value = true;
    g.dims[0].dim_value = 5;
    onnx_node(&g, "Gemm", "wt");
    mlp_onnx_add_int(&g.b, "transA", 1);
    onnx_bad(&g, "node 'Gemm_0' (Gemm): the weights 'wt' take 2 inputs, expected 5");
}
END_TEST

START_TEST(norms_that_do_not_fit)
{
    struct onnx_graph g;
    onnx_begin_gemm(&g);
    mlp_onnx_add_node(&g.b, "LayerNormalization", g.b.last, "positive", "b");
    mlp_onnx_add_float(&g.b, "epsilon", 1e-3f);
    onnx_bad(&g, "(LayerNormalization): epsilon is 0.001, expected 1e-05");
    onnx_begin_gemm(&g);
    mlp_onnx_add_node(&g.b, "LayerNormalization", g.b.last, "b2", "b");
    onnx_bad(&g, "tensor 'b2' has 2 elements, expected a row of 3");
    onnx_begin_gemm(&g);
    mlp_onnx_add_node(&g.b, "BatchNormalization", g.b.last, "positive", "b");
    onnx_bad(&g, "(BatchNormalization): no input 3");
    onnx_begin_gemm(&g);
    onnx_node(&g, "Relu", NULL);
    mlp_onnx_add_node(&g.b, "LayerNormalization", g.b.last, "positive", "b");
    onnx_bad(&g, "expected only between a layer's product and its activation");
    onnx_begin_activation(&g);
    mlp_onnx_add_node(&g.b, "BatchNormalization", g.b.last, "positive", "b");
    mlp_onnx_add_input(&g.b, "b");
    mlp_onnx_add_input(&g.b, "b");
    onnx_node(&g, "MatMul", "v_t");
    onnx_bad(&g, "layer 0: variance 1 is negative");
    onnx_begin_gemm(&g);
    mlp_onnx_add_node(&g.b, "LayerNormalization", g.b.last, "positive", "b");
    onnx_bad(&g, "the last layer has normalisation");
}
END_TEST

START_TEST(graphs_that_are_not_one_chain)
{
    struct onnx_graph g;
    onnx_begin_gemm(&g);
    const char *x = g.b.last;
    onnx_node(&g, "Relu", NULL);
    mlp_onnx_add_node(&g.b, "Add", x, g.b.last, NULL);
    onnx_bad(&g, "node 'Add_2' (Add): input 'Gemm_0' has been used before: the graph is not one");
    onnx_begin_gemm(&g);
    onnx_node(&g, "Relu", NULL);
    onnx_node(&g, "Tanh", NULL);
    onnx_bad(&g, "(Tanh): tanh comes after another activation");
    onnx_begin(&g);
    onnx_node(&g, "Relu", NULL);
    onnx_add_gemm(&g);
    onnx_bad(&g, "(Relu): relu comes first");
    onnx_begin_gemm(&g);
    mlp_onnx_add_node(&g.b, "Relu", "nowhere", NULL, NULL);
    onnx_bad(&g, "(Relu): input 'nowhere' is not there, or not made before");
    onnx_begin_gemm(&g);
    mlp_onnx_add_node(&g.b, "Relu", "Relu_1", NULL, NULL);
    onnx_bad(&g, "(Relu): input 'Relu_1' is not there, or not made before");
    onnx_begin_gemm(&g);
    onnx_node(&g, "Mul", "root_half");
    onnx_node(&g, "Erf", NULL);
    onnx_bad(&g, "make no activation that is known");
    onnx_begin_gemm(&g);
    onnx_node(&g, "Mul", "positive");
    onnx_node(&g, "Relu", NULL);
    onnx_bad(&g, "(Relu): comes after what scales the last layer's outputs");
    onnx_begin_gemm(&g);
    onnx_node(&g, "Sub", "b");
    onnx_bad(&g, "(Sub): expected a bias, or");
    onnx_begin(&g);
    onnx_node(&g, "Mul", "positive2");
    onnx_node(&g, "Sub", "b2");
    onnx_add_gemm(&g);
    onnx_bad(&g, "(Sub): expected a bias, or");
}
END_TEST

START_TEST(ends_that_do_not_fit)
{
    struct onnx_graph g;
    char wrong[] = "wrong";
    mlp_onnx_value_info second = MLP_ONNX__VALUE_INFO_PROTO__INIT;
    second.name = wrong;
    onnx_begin_gemm(&g);
    g.b.graph->n_output = 2;
    g.outputs[1] = &second;
    onnx_bad(&g, "the graph has 2 outputs, expected one");
    onnx_begin_gemm(&g);
    g.b.graph->n_input = 2;
    g.inputs[1] = &second;
    onnx_bad(&g, "the inputs 'input' and 'wrong', expected one");
    onnx_begin_gemm(&g);
    g.b.graph->n_input = 0;
    onnx_bad(&g, "the graph has no input");
    onnx_begin_gemm(&g);
    g.output.name = wrong;
    onnx_bad(&g, "node 'wrong' (output): input 'wrong' is not there");
    onnx_begin(&g);
    onnx_node(&g, "Identity", NULL);
    onnx_bad(&g, "the graph has no layer");
    onnx_begin_gemm(&g);
    g.file.graph = NULL;
    onnx_bad(&g, "no graph: no ONNX model");
    onnx_begin_gemm(&g);
    g.opset.version = 6;
    onnx_bad(&g, "operator set 6, expected 7 or newer");
    onnx_begin_gemm(&g);
    g.file.n_opset_import = 0;
    onnx_bad(&g, "operator set 0, expected 7 or newer");
    onnx_begin_gemm(&g);
    onnx_newest(&g)->output[0] = mlp_onnx_copy_text(&g.b, "w");
    onnx_bad(&g, "value 'w' is there twice");
}
END_TEST

START_TEST(inputs_that_do_not_fit)
{
    static const int64_t bad_shapes[][2] = {{-1, 3}, {-1, -1}, {2, 1}, {2, -1}};
    struct onnx_graph g;
    onnx_begin_gemm(&g);
    g.tensor_type.elem_type = MLP_ONNX_DOUBLE;
    onnx_bad(&g, "the input has elements of type 11, expected 1 (float)");
    onnx_begin_gemm(&g);
    g.shape.n_dim = 1;
    onnx_bad(&g, "the input has 1 dimensions");
    onnx_begin_gemm(&g);
    g.dims[1].dim_value = 3;
    onnx_bad(&g, "(Gemm): the weights 'w' take 2 inputs, expected 3");
    onnx_begin_gemm(&g);
    g.shape.n_dim = 3;
    onnx_bad(&g, "(Gemm): samples of more than one dimension, expected a Flatten first");
    onnx_begin_gemm(&g);
    g.shape.n_dim = 3;
    g.dims[1].dim_value = g.dims[2].dim_value = INT32_MAX;
    g.dims[2].has_dim_value = true;
    onnx_bad(&g, "dimension 2 of the input is 2147483647: out of range");
    for (size_t i = 0; i < 4; i++) {
        onnx_begin(&g);
        onnx_add_ints(&g, "shape", bad_shapes[i], 2);
        onnx_node(&g, "Reshape", "shape");
        onnx_add_gemm(&g);
        onnx_bad(&g, "(Reshape): to [");
    }
}
END_TEST

/* --- Tensors that are damaged --------------------------------------------------------------- */

/* A graph whose weights "x" [3][2] are the newest tensor, to be damaged. */
static mlp_onnx_tensor *begin_tensor(struct onnx_graph *g)
{
    static const float values[] = {1, 2, 3, 4, 5, 6};
    onnx_begin(g);
    mlp_onnx_add_tensor(&g->b, "x", values, 3, 2);
    mlp_onnx_add_node(&g->b, "Gemm", g->b.last, "x", "b");
    mlp_onnx_add_int(&g->b, "transB", 1);
    return onnx_tensor(g);
}

START_TEST(tensors_that_do_not_fit)
{
    struct onnx_graph g;
    begin_tensor(&g)->raw_data.len = 23;
    onnx_bad(&g, "tensor 'x' has the data of 5 elements and a part of one, expected 6");
    begin_tensor(&g)->raw_data.len = 20;
    onnx_bad(&g, "tensor 'x' has the data of 5 elements, expected 6");
    begin_tensor(&g)->has_raw_data = false;
    onnx_bad(&g, "tensor 'x' has the data of 0 elements, expected 6");
    begin_tensor(&g)->data_type = 16;
    onnx_bad(&g, "tensor 'x' has elements of type 16");
    begin_tensor(&g)->dims[1] = 0;
    onnx_bad(&g, "tensor 'x': its dimensions are out of range");
    begin_tensor(&g)->dims[1] = -2;
    onnx_bad(&g, "tensor 'x': its dimensions are out of range");
    begin_tensor(&g)->dims[1] = INT64_MAX;
    onnx_bad(&g, "tensor 'x': its dimensions are out of range");
    mlp_onnx_tensor *tensor = begin_tensor(&g);
    tensor->dims[0] = tensor->dims[1] = INT32_MAX;
    onnx_bad(&g, "tensor 'x'");
    begin_tensor(&g)->n_dims = 1;
    onnx_bad(&g, "the weights 'x' have 1 dimensions, expected 2");
    mlp_store_u32(begin_tensor(&g)->raw_data.data + 8, 0x7fc00000);
    onnx_bad(&g, "tensor 'x': element 2 is a NaN, expected finite numbers");
    mlp_store_u32(begin_tensor(&g)->raw_data.data, 0x7f800000);
    onnx_bad(&g, "tensor 'x': element 0 is an infinity");
}
END_TEST

/* mlp_model_import takes them to be looked at, and the loss besides. */
START_TEST(bad_numbers_to_look_at)
{
    static const mlp_import_options any = {.any_numbers = true, .has_loss = true, .loss = MLP_MAE};
    static const mlp_import_options tensors = {.map = "x"};
    struct onnx_graph g;
    mlp_error error;
    mlp_model *model = NULL;
    float x[2] = {1, 2}, y[2];
    mlp_store_u32(begin_tensor(&g)->raw_data.data + 8, 0x7fc00000);
    onnx_end(&g);
    const char *path = in_folder("model.onnx");
    ck_assert_int_eq(mlp_model_import(path, NULL, &model, &error), MLP_ERROR_DATA);
    ck_assert_int_eq(mlp_model_import(path, &tensors, &model, &error), MLP_ERROR_USAGE);
    ck_assert_ptr_nonnull(strstr(error.message, "model.onnx: an ONNX graph says its own"));
    ck_assert_ptr_null(model);
    ck_assert_int_eq(mlp_model_import(path, &any, &model, &error), MLP_OK);
    ck_assert_uint_eq(mlp_model_bad_numbers(model), 1);
    ck_assert_int_eq(mlp_model_spec(model)->loss, MLP_MAE);
    ck_assert_int_eq(mlp_model_predict_f32(model, x, 1, 1, y, NULL), MLP_ERROR_DATA);
    mlp_model_destroy(model);
}
END_TEST

START_TEST(weights_that_are_shared_or_missing)
{
    static const float square[] = {1, 0, 0, 1};
    struct onnx_graph g;
    onnx_begin(&g);
    mlp_onnx_add_tensor(&g.b, "square", square, 2, 2);
    onnx_node(&g, "MatMul", "square");
    onnx_node(&g, "Relu", NULL);
    onnx_node(&g, "MatMul", "square");
    onnx_bad(&g, "(MatMul): the weights 'square' are another layer's too");
    onnx_begin(&g);
    onnx_node(&g, "Gemm", NULL);
    onnx_bad(&g, "(Gemm): no input 1");
    onnx_begin(&g);
    onnx_node(&g, "MatMul", "input");
    onnx_bad(&g, "(MatMul): 'input' is not constant, expected weights");
    onnx_begin(&g);
    mlp_onnx_add_node(&g.b, "MatMul", "wt", "input", NULL);
    onnx_bad(&g, "(MatMul): input 'wt' is constant");
    onnx_begin(&g);
    onnx_node(&g, "MatMul", "b");
    onnx_bad(&g, "the weights 'b' have 1 dimensions, expected 2");
    onnx_begin(&g);
    mlp_onnx_add_node(&g.b, "Gemm", g.b.last, "wt", "b2");
    onnx_bad(&g, "tensor 'b2' has 2 elements, expected a row of 3");
}
END_TEST

START_TEST(what_is_no_protobuf_message)
{
    put_file(in_folder("model.onnx"), "<html>no model</html>", 21);
    onnx_expect_bad(in_folder("model.onnx"), "damaged, or no ONNX model");
}
END_TEST

/* A graph of tensors that take two bytes in the file and far more in memory. */
START_TEST(case_65_memory_is_in_proportion_to_the_file)
{
    enum { TENSORS = 50000, SIZE = 4 + 2 * TENSORS };
    static unsigned char bomb[SIZE] = {0x3a, 0x80 | (2 * TENSORS & 0x7f),
                                       0x80 | (2 * TENSORS >> 7 & 0x7f), 2 * TENSORS >> 14};
    for (size_t i = 4; i < SIZE; i += 2)
        bomb[i] = 0x2a;
    put_file(in_folder("model.onnx"), bomb, sizeof bomb);
    onnx_expect_bad(in_folder("model.onnx"), "takes far more memory than its size");
}
END_TEST

/* --- Data in other files ------------------------------------------------------------------------
 */

/* The weights "x" are in `location`, at `offset` and of `length` unless those are NULL. */
static void begin_external(struct onnx_graph *g, const char *location, const char *offset,
                           const char *length)
{
    const char *const texts[][2] = {{"location", location}, {"offset", offset}, {"length", length}};
    mlp_onnx_tensor *tensor = begin_tensor(g);
    tensor->has_raw_data = false;
    tensor->has_data_location = true;
    tensor->data_location = 1;
    tensor->external_data = g->entry_list;
    for (size_t i = 0; i < 3; i++) {
        if (!texts[i][1])
            continue;
        mlp_onnx_entry *entry = g->entry_list[tensor->n_external_data++];
        entry->key = mlp_onnx_copy_text(&g->b, texts[i][0]);
        entry->value = mlp_onnx_copy_text(&g->b, texts[i][1]);
    }
}

/* A file of 8 bytes of something and w. */
static void put_weights(const char *path)
{
    static const float w[] = {1, 2, 3, 4, 5, 6};
    unsigned char bytes[32] = "nothing";
    mlp_store_f32(bytes + 8, w, 6);
    put_file(path, bytes, sizeof bytes);
}

START_TEST(weights_in_another_file)
{
    struct onnx_graph g;
    put_weights(in_folder("weights"));
    begin_external(&g, "weights", "8", "24");
    onnx_expect_layer(&g, 1, 1);
    begin_external(&g, "./weights", "8", NULL);
    onnx_expect_layer(&g, 1, 1);
}
END_TEST

START_TEST(case_64_other_files_are_those_of_the_folder)
{
    struct onnx_graph g;
    put_weights(in_folder("weights"));
    static const char *const outside[] = {"../weights", "/etc/passwd", "a/../weights", "", ".."};
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        begin_external(&g, outside[i], "8", "24");
        onnx_bad(&g, "expected one in the model's folder, without '..'");
    }
    ck_assert_int_eq(symlink("/etc/passwd", in_folder("link")), 0);
    begin_external(&g, "link", "8", "24");
    onnx_bad(&g, "links to a place outside the model's folder");
    ck_assert_int_eq(symlink("weights", in_folder("inside")), 0);
    begin_external(&g, "inside", "8", "24");
    onnx_expect_layer(&g, 1, 1);
}
END_TEST

START_TEST(places_in_other_files_that_do_not_fit)
{
    static const struct {
        const char *offset, *length, *reason;
    } cases[] = {
        {"9", "24", "is in the bytes from 9 to 33 of 'weights', which has 32"},
        {"9223372036854775800", "24", "is in the bytes from 9223372036854775800"},
        {"18446744073709551615", "24", "offset or length is no number of bytes"},
        {"-8", "24", "offset or length is no number of bytes"},
        {"8x", "24", "offset or length is no number of bytes"},
        {"", "24", "offset or length is no number of bytes"},
        {"8", "20", "has a length of 20 bytes, expected 24"},
    };
    struct onnx_graph g;
    put_weights(in_folder("weights"));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin_external(&g, "weights", cases[i].offset, cases[i].length);
        onnx_bad(&g, cases[i].reason);
    }
    begin_external(&g, "missing", "8", "24");
    onnx_end(&g);
    mlp_error error;
    mlp_model *model = NULL;
    ck_assert_int_eq(mlp_model_import_onnx(in_folder("model.onnx"), NULL, &model, &error),
                     MLP_ERROR_INTERNAL);
    ck_assert_ptr_nonnull(strstr(error.message, "cannot open its file 'missing'"));
}
END_TEST

/* Two layers whose weights begin at the same byte would multiply what a file holds, whatever the
 * file is called. */
START_TEST(layers_do_not_share_data_of_other_files)
{
    static const float none[6];
    const char *const names[] = {"weights", "./weights", "same", "linked"};
    struct onnx_graph g;
    put_weights(in_folder("weights"));
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", in_folder("weights"));
    ck_assert_int_eq(link(path, in_folder("same")), 0);
    ck_assert_int_eq(symlink("weights", in_folder("linked")), 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        begin_external(&g, "weights", "8", "24");
        const mlp_onnx_tensor *first = onnx_tensor(&g);
        mlp_onnx_entry location = *first->external_data[0], *entries[2];
        mlp_onnx_add_tensor(&g.b, "y", none, 3, 2);
        mlp_onnx_tensor *second = onnx_tensor(&g);
        second->has_raw_data = false;
        second->has_data_location = true;
        second->data_location = 1;
        second->n_external_data = 2;
        second->external_data = entries;
        location.value = mlp_onnx_copy_text(&g.b, names[i]);
        entries[0] = &location;
        entries[1] = first->external_data[1];
        onnx_node(&g, "MatMul", "y");
        onnx_bad(&g, "(MatMul): the data of 'y' are also those of 'x', expected its own");
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("onnx_input");
    TCase *tests = tcase_create("onnx_input");
    tcase_add_checked_fixture(tests, folder_make, folder_remove);
    tcase_add_test(tests, operators_that_no_layer_has);
    tcase_add_test(tests, attributes_that_do_not_fit);
    tcase_add_test(tests, norms_that_do_not_fit);
    tcase_add_test(tests, graphs_that_are_not_one_chain);
    tcase_add_test(tests, ends_that_do_not_fit);
    tcase_add_test(tests, inputs_that_do_not_fit);
    tcase_add_test(tests, tensors_that_do_not_fit);
    tcase_add_test(tests, bad_numbers_to_look_at);
    tcase_add_test(tests, weights_that_are_shared_or_missing);
    tcase_add_test(tests, what_is_no_protobuf_message);
    tcase_add_test(tests, case_65_memory_is_in_proportion_to_the_file);
    tcase_add_test(tests, layers_do_not_share_data_of_other_files);
    tcase_add_test(tests, weights_in_another_file);
    tcase_add_test(tests, case_64_other_files_are_those_of_the_folder);
    tcase_add_test(tests, places_in_other_files_that_do_not_fit);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
