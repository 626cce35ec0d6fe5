/* SPDX-License-Identifier: MIT */
/* Importing graphs as other programs write them. */
#include "bytes.h"
#include "folder.h"
#include "onnx_files.h"
#include "suite.h"

#include <mlp/mlp.h>

#include <check.h>
#include <string.h>

/* --- Layers --------------------------------------------------------------------- */

START_TEST(gemm_in_all_forms)
{
    struct onnx_graph g;
    onnx_begin_gemm(&g);
    onnx_expect_layer(&g, 1, 1);
    onnx_begin(&g);
    mlp_onnx_add_node(&g.b, "Gemm", g.b.last, "wt", "b");
    onnx_expect_layer(&g, 1, 1);
    onnx_begin(&g);
    mlp_onnx_add_node(&g.b, "Gemm", g.b.last, "wt", "b");
    mlp_onnx_add_float(&g.b, "alpha", 0.5f);
    mlp_onnx_add_float(&g.b, "beta", -3);
    onnx_expect_layer(&g, 0.5f, -3);
    onnx_begin(&g);
    mlp_onnx_add_node(&g.b, "Gemm", g.b.last, "wt", NULL);
    onnx_expect_layer(&g, 1, 0);
}
END_TEST

START_TEST(an_input_with_samples_in_columns)
{
    struct onnx_graph g;
    for (int known = 0; known < 2; known++) {
        onnx_begin(&g);
        g.dims[1].has_dim_value = false;
        g.dims[0].has_dim_value = known == 1;
        g.dims[0].dim_value = 2;
        mlp_onnx_add_node(&g.b, "Gemm", g.b.last, "w", "b");
        mlp_onnx_add_int(&g.b, "transA", 1);
        mlp_onnx_add_int(&g.b, "transB", 1);
        onnx_expect_layer(&g, 1, 1);
    }
}
END_TEST

START_TEST(matmul_and_add_in_either_order)
{
    struct onnx_graph g;
    onnx_begin(&g);
    onnx_node(&g, "MatMul", "wt");
    onnx_node(&g, "Add", "b");
    onnx_expect_layer(&g, 1, 1);
    onnx_begin(&g);
    onnx_node(&g, "MatMul", "wt");
    mlp_onnx_add_node(&g.b, "Add", "b", g.b.last, NULL);
    onnx_expect_layer(&g, 1, 1);
    onnx_begin(&g);
    onnx_node(&g, "MatMul", "wt");
    onnx_expect_layer(&g, 1, 0);
}
END_TEST

static void set_type(mlp_onnx_tensor *tensor, int32_t type)
{
    tensor->data_type = type;
    tensor->has_raw_data = false;
}

START_TEST(elements_of_every_type_and_place)
{
    static const float w[] = {1, 3, 5, 2, 4, 6};
    static const uint16_t halves[] = {0x3c00, 0x4200, 0x4500, 0x4000, 0x4400, 0x4600};
    for (int i = 0; i < 5; i++) {
        struct onnx_graph g;
        onnx_begin(&g);
        mlp_onnx_add_tensor(&g.b, "other", w, 2, 3);
        mlp_onnx_tensor *tensor = onnx_tensor(&g);
        double *wide = mlp_onnx_take(&g.b, sizeof w * 2);
        for (size_t k = 0; k < 6; k++)
            wide[k] = (double)w[k];
        if (i == 1) {
            set_type(tensor, MLP_ONNX_FLOAT);
            tensor->n_float_data = 6;
            tensor->float_data = mlp_onnx_take(&g.b, sizeof w);
            memcpy(tensor->float_data, w, sizeof w);
        } else if (i == 2) {
            set_type(tensor, MLP_ONNX_DOUBLE);
            tensor->n_double_data = 6;
            tensor->double_data = wide;
        } else if (i == 3) {
            tensor->data_type = MLP_ONNX_DOUBLE;
            tensor->raw_data.len = 48;
            tensor->raw_data.data = mlp_onnx_take(&g.b, 48);
            for (size_t k = 0; k < 6; k++) {
                uint64_t bits;
                memcpy(&bits, &wide[k], 8);
                mlp_store_u64(tensor->raw_data.data + 8 * k, bits);
            }
        } else if (i == 4) {
            tensor->data_type = MLP_ONNX_FLOAT16;
            tensor->raw_data.len = 12;
            for (size_t k = 0; k < 12; k++)
                tensor->raw_data.data[k] = (uint8_t)(halves[k / 2] >> 8 * (k % 2));
        }
        mlp_onnx_add_node(&g.b, "Gemm", g.b.last, "other", "b");
        onnx_expect_layer(&g, 1, 1);
    }
}
END_TEST

START_TEST(halves_of_every_kind)
{
    static const struct {
        uint16_t bits;
        float value;
    } cases[] = {{0x0001, 0x1p-24f}, {0x83ff, -0x3ffp-24f}, {0x0400, 0x1p-14f},
                 {0x7bff, 65504},    {0x8000, -0.0f},       {0x3555, 0x1.554p-2f}};
    struct onnx_graph g;
    float values[6] = {0}, weight[6], bias[3];
    onnx_begin(&g);
    mlp_onnx_add_tensor(&g.b, "halves", values, 3, 2);
    mlp_onnx_tensor *tensor = onnx_tensor(&g);
    tensor->data_type = MLP_ONNX_FLOAT16;
    tensor->raw_data.len = 12;
    for (size_t k = 0; k < 12; k++)
        tensor->raw_data.data[k] = (uint8_t)(cases[k / 2].bits >> 8 * (k % 2));
    onnx_node(&g, "Gemm", "halves");
    mlp_onnx_add_int(&g.b, "transB", 1);
    mlp_model *model = onnx_good(&g);
    mlp_model_get_layer(model, 0, weight, bias);
    for (size_t i = 0; i < 6; i++)
        ck_assert_int_eq(memcmp(&weight[i], &cases[i].value, sizeof(float)), 0);
    mlp_model_destroy(model);
}
END_TEST

/* --- Activations ------------------------------------------------------------------ */

static void expect_activation(struct onnx_graph *g, mlp_activation expected)
{
    onnx_node(g, "MatMul", "v_t");
    mlp_model *model = onnx_good(g);
    ck_assert_int_eq(mlp_model_spec(model)->layers[0].activation, expected);
    ck_assert_uint_eq(mlp_model_spec(model)->layer_count, 2);
    onnx_assert_layer(model, 1, 1);
    mlp_model_destroy(model);
}

START_TEST(activations_that_are_one_operator)
{
    static const struct {
        const char *op;
        mlp_activation expected;
    } cases[] = {{"Relu", MLP_RELU},         {"LeakyRelu", MLP_LEAKY_RELU},
                 {"Sigmoid", MLP_SIGMOID},   {"Tanh", MLP_TANH},
                 {"Elu", MLP_ELU},           {"Selu", MLP_SELU},
                 {"Softplus", MLP_SOFTPLUS}, {"Mish", MLP_MISH},
                 {"Gelu", MLP_GELU},         {"Softmax", MLP_SOFTMAX}};
    struct onnx_graph g;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        onnx_begin_activation(&g);
        onnx_node(&g, cases[i].op, NULL);
        expect_activation(&g, cases[i].expected);
    }
    onnx_begin_activation(&g);
    onnx_node(&g, "HardSigmoid", NULL);
    mlp_onnx_add_float(&g.b, "alpha", 1.0f / 6);
    expect_activation(&g, MLP_HARD_SIGMOID);
    onnx_begin_activation(&g);
    g.opset.version = 11;
    onnx_node(&g, "Softmax", NULL);
    expect_activation(&g, MLP_SOFTMAX);
    onnx_begin_activation(&g);
    onnx_node(&g, "Gelu", NULL);
    mlp_onnx_add_int(&g.b, "approximate", 0);
    mlp_onnx_attribute *attribute = onnx_newest(&g)->attribute[0];
    attribute->has_s = true;
    attribute->s = (ProtobufCBinaryData){4, (uint8_t *)mlp_onnx_copy_text(&g.b, "tanh")};
    expect_activation(&g, MLP_GELU_TANH);
}
END_TEST

START_TEST(silu_mish_and_step_of_several)
{
    struct onnx_graph g;
    const char *x = onnx_begin_activation(&g);
    onnx_node(&g, "Sigmoid", NULL);
    onnx_node(&g, "Mul", x);
    expect_activation(&g, MLP_SILU);
    x = onnx_begin_activation(&g);
    onnx_node(&g, "Softplus", NULL);
    onnx_node(&g, "Tanh", NULL);
    mlp_onnx_add_node(&g.b, "Mul", x, g.b.last, NULL);
    expect_activation(&g, MLP_MISH);
    onnx_begin_activation(&g);
    onnx_node(&g, "GreaterOrEqual", "zero");
    onnx_node(&g, "Cast", NULL);
    mlp_onnx_add_int(&g.b, "to", MLP_ONNX_FLOAT);
    expect_activation(&g, MLP_STEP);
}
END_TEST

/* The half of gelu at its three places. */
START_TEST(gelu_as_exporters_compose_it)
{
    struct onnx_graph g;
    for (int i = 0; i < 3; i++) {
        const char *x = onnx_begin_activation(&g);
        if (i == 0)
            onnx_node(&g, "Div", "root_2");
        else
            onnx_node(&g, "Mul", "root_half");
        onnx_node(&g, "Erf", NULL);
        const char *gate = onnx_node(&g, "Add", "one");
        if (i == 0) {
            onnx_node(&g, "Mul", x);
            onnx_node(&g, "Mul", "half");
        } else if (i == 1) {
            onnx_node(&g, "Mul", "half");
            mlp_onnx_add_node(&g.b, "Mul", x, g.b.last, NULL);
        } else {
            mlp_onnx_add_node(&g.b, "Mul", "half", x, NULL);
            mlp_onnx_add_node(&g.b, "Mul", g.b.last, gate, NULL);
        }
        expect_activation(&g, MLP_GELU);
    }
}
END_TEST

START_TEST(gelu_tanh_as_exporters_compose_it)
{
    struct onnx_graph g;
    for (int i = 0; i < 3; i++) {
        const char *x = onnx_begin_activation(&g);
        if (i == 0) {
            onnx_node(&g, "Mul", x);
            onnx_node(&g, "Mul", x);
        } else if (i == 1) {
            onnx_node(&g, "Pow", "three");
        } else {
            onnx_node(&g, "Pow", "two");
            mlp_onnx_add_node(&g.b, "Mul", x, g.b.last, NULL);
        }
        onnx_node(&g, "Mul", "cubic");
        mlp_onnx_add_node(&g.b, "Add", x, g.b.last, NULL);
        onnx_node(&g, "Mul", "root_2_over_pi");
        onnx_node(&g, "Tanh", NULL);
        onnx_node(&g, "Add", "one");
        onnx_node(&g, "Mul", i == 0 ? "half" : x);
        onnx_node(&g, "Mul", i == 0 ? x : "half");
        expect_activation(&g, MLP_GELU_TANH);
    }
}
END_TEST

/* --- What changes nothing ------------------------------------------------------------ */

START_TEST(nodes_that_change_nothing)
{
    static const int64_t shape[] = {-1, 2};
    struct onnx_graph g;
    onnx_begin(&g);
    onnx_add_ints(&g, "shape", shape, 2);
    onnx_node(&g, "Identity", NULL);
    onnx_node(&g, "Cast", NULL);
    mlp_onnx_add_int(&g.b, "to", MLP_ONNX_FLOAT);
    onnx_node(&g, "Flatten", NULL);
    onnx_node(&g, "Reshape", "shape");
    onnx_add_gemm(&g);
    onnx_node(&g, "Dropout", "half");
    onnx_expect_layer(&g, 1, 1);
}
END_TEST

START_TEST(samples_of_several_dimensions_are_flattened)
{
    static const int64_t shapes[][2] = {{-1, 2}, {0, -1}, {7, -1}};
    struct onnx_graph g;
    for (size_t i = 0; i < 4; i++) {
        onnx_begin(&g);
        g.shape.n_dim = 4;
        g.dims[0].has_dim_value = true;
        g.dims[0].dim_value = 7;
        for (size_t k = 1; k < 4; k++) {
            g.dims[k].has_dim_value = true;
            g.dims[k].dim_value = k == 2 ? 2 : 1;
        }
        onnx_node(&g, "Div", "two");
        if (i < 3) {
            onnx_add_ints(&g, "shape", shapes[i], 2);
            onnx_node(&g, "Reshape", "shape");
        } else {
            onnx_node(&g, "Flatten", NULL);
        }
        onnx_add_gemm(&g);
        onnx_expect_layer(&g, 1, 1);
    }
}
END_TEST

START_TEST(constants_as_nodes_and_by_identity)
{
    struct onnx_graph g;
    onnx_begin(&g);
    mlp_onnx_add_node(&g.b, "Identity", "b", NULL, NULL);
    const char *b = g.b.last;
    mlp_onnx_add_node(&g.b, "Gemm", "input", "w", b);
    mlp_onnx_add_int(&g.b, "transB", 1);
    onnx_expect_layer(&g, 1, 1);
    onnx_begin(&g);
    mlp_onnx_add_node(&g.b, "Constant", "b", NULL, NULL);
    mlp_onnx_node *node = onnx_newest(&g);
    node->n_input = 0;
    mlp_onnx_add_int(&g.b, "value", 0);
    node->attribute[0]->t = g.b.graph->initializer[3];
    b = g.b.last;
    mlp_onnx_add_node(&g.b, "Gemm", "input", "w", b);
    mlp_onnx_add_int(&g.b, "transB", 1);
    onnx_expect_layer(&g, 1, 1);
}
END_TEST

START_TEST(an_initializer_may_be_an_input_too)
{
    struct onnx_graph g;
    mlp_onnx_value_info second = MLP_ONNX__VALUE_INFO_PROTO__INIT;
    char name[] = "w";
    second.name = name;
    onnx_begin_gemm(&g);
    g.inputs[1] = &second;
    g.b.graph->n_input = 2;
    onnx_expect_layer(&g, 1, 1);
}
END_TEST

/* --- Scaling and loss ------------------------------------------------------------------ */

START_TEST(scaling_of_inputs_and_outputs)
{
    struct onnx_graph g;
    for (int i = 0; i < 2; i++) {
        onnx_begin(&g);
        onnx_node(&g, i == 0 ? "Sub" : "Add", "b2");
        onnx_node(&g, i == 0 ? "Mul" : "Div", "positive2");
        onnx_add_gemm(&g);
        onnx_node(&g, "Mul", "positive");
        onnx_node(&g, "Add", "b");
        mlp_model *model = onnx_good(&g);
        mlp_scaling scaling = mlp_model_scaling(model);
        ck_assert(scaling.input_mean[0] == (i == 0 ? 1 : -1));
        ck_assert(scaling.input_mean[1] == (i == 0 ? -3 : 3));
        ck_assert(scaling.input_factor[1] == (i == 0 ? 4 : 0.25f));
        ck_assert(scaling.target_scale[2] == 4 && scaling.target_mean[1] == -1);
        mlp_model_destroy(model);
    }
    onnx_begin(&g); /* what could have become a half of gelu */
    onnx_node(&g, "Mul", "half");
    onnx_add_gemm(&g);
    mlp_model *model = onnx_good(&g);
    ck_assert(mlp_model_scaling(model).input_factor[1] == 0.5f);
    mlp_model_destroy(model);
}
END_TEST

START_TEST(the_loss_is_that_of_the_end_or_of_the_caller)
{
    struct onnx_graph g;
    mlp_model *model = NULL;
    mlp_onnx_import_options options = {.has_loss = true, .loss = MLP_HINGE};
    onnx_begin_gemm(&g);
    onnx_node(&g, "Sigmoid", NULL);
    model = onnx_good(&g);
    ck_assert_int_eq(mlp_model_spec(model)->loss, MLP_BINARY_CROSS_ENTROPY);
    mlp_model_destroy(model);
    onnx_begin_gemm(&g);
    onnx_end(&g);
    ck_assert_int_eq(mlp_model_import_onnx(in_folder("model.onnx"), &options, &model, NULL),
                     MLP_OK);
    ck_assert_int_eq(mlp_model_spec(model)->loss, MLP_HINGE);
    mlp_model_destroy(model);
    onnx_begin_gemm(&g);
    onnx_node(&g, "Exp", NULL);
    onnx_end(&g);
    mlp_error error;
    ck_assert_int_eq(mlp_model_import_onnx(in_folder("model.onnx"), &options, &model, &error),
                     MLP_ERROR_DATA);
    ck_assert_ptr_nonnull(strstr(error.message, "ends in Exp, which does not go with the loss"));
    onnx_begin_gemm(&g);
    onnx_node(&g, "Softmax", NULL);
    onnx_node(&g, "Mul", "positive");
    onnx_end(&g);
    ck_assert_int_eq(mlp_model_import_onnx(in_folder("model.onnx"), &options, &model, &error),
                     MLP_ERROR_DATA);
    ck_assert_ptr_nonnull(strstr(error.message, "scales its outputs"));
}
END_TEST

START_TEST(norms_between_product_and_activation)
{
    struct onnx_graph g;
    onnx_begin_activation(&g);
    mlp_onnx_add_node(&g.b, "BatchNormalization", g.b.last, "positive", "b");
    mlp_onnx_add_input(&g.b, "b");
    mlp_onnx_add_input(&g.b, "positive");
    onnx_node(&g, "Relu", NULL);
    onnx_node(&g, "MatMul", "v_t");
    mlp_model *model = onnx_good(&g);
    float scale[3], shift[3], mean[3], variance[3];
    mlp_model_get_norm(model, 0, scale, shift, mean, variance);
    ck_assert_int_eq(mlp_model_spec(model)->layers[0].norm, MLP_NORM_BATCH);
    ck_assert(scale[2] == 4 && shift[1] == -1 && mean[2] == 2 && variance[1] == 2);
    mlp_model_destroy(model);
    onnx_begin_activation(&g); /* the shift may be missing */
    mlp_onnx_add_node(&g.b, "LayerNormalization", g.b.last, "positive", NULL);
    onnx_node(&g, "MatMul", "v_t");
    model = onnx_good(&g);
    mlp_model_get_norm(model, 0, scale, shift, NULL, NULL);
    ck_assert_int_eq(mlp_model_spec(model)->layers[0].norm, MLP_NORM_LAYER);
    ck_assert(scale[2] == 4 && shift[1] == 0);
    mlp_model_destroy(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("onnx_import");
    TCase *tests = tcase_create("onnx_import");
    tcase_add_checked_fixture(tests, folder_make, folder_remove);
    tcase_add_test(tests, gemm_in_all_forms);
    tcase_add_test(tests, an_input_with_samples_in_columns);
    tcase_add_test(tests, matmul_and_add_in_either_order);
    tcase_add_test(tests, elements_of_every_type_and_place);
    tcase_add_test(tests, halves_of_every_kind);
    tcase_add_test(tests, activations_that_are_one_operator);
    tcase_add_test(tests, silu_mish_and_step_of_several);
    tcase_add_test(tests, gelu_as_exporters_compose_it);
    tcase_add_test(tests, gelu_tanh_as_exporters_compose_it);
    tcase_add_test(tests, nodes_that_change_nothing);
    tcase_add_test(tests, samples_of_several_dimensions_are_flattened);
    tcase_add_test(tests, constants_as_nodes_and_by_identity);
    tcase_add_test(tests, an_initializer_may_be_an_input_too);
    tcase_add_test(tests, scaling_of_inputs_and_outputs);
    tcase_add_test(tests, the_loss_is_that_of_the_end_or_of_the_caller);
    tcase_add_test(tests, norms_between_product_and_activation);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
