/* SPDX-License-Identifier: MIT */
/* A model as C source. */
#include "c_excerpt.h"
#include "c_writer.h"
#include "error.h"
#include "file.h"
#include "model.h"
#include "norm.h"

#include <mlp/version.h>

#include <math.h>
#include <string.h>

struct source {
    const mlp_model *model;
    struct mlp_c_writer writer;
};

/* --- Parameters ------------------------------------------------------------------- */

/* What mlp_batchnorm_forward multiplies with. */
static void add_factors(struct source *s, size_t l, const struct mlp_layer *layer)
{
    struct mlp_c_array array;
    mlp_c_begin_array(&array, &s->writer, "factor", l, layer->out);
    for (size_t i = 0; i < layer->out; i++)
        mlp_c_add_number(&array, 1.0f / sqrtf(layer->variance[i] + MLP_NORM_EPSILON));
    mlp_c_end_array(&array);
}

static void add_weights(struct source *s, size_t l, const struct mlp_layer *layer)
{
    struct mlp_c_array array;
    mlp_text_format(&s->writer.code, "\n/* Layer %zu: [%zu inputs][%zu units]. */\n", l, layer->in,
                    layer->out);
    mlp_c_begin_array(&array, &s->writer, "weight", l, layer->in * layer->out);
    for (size_t i = 0; i < layer->in; i++) {
        for (size_t o = 0; o < layer->out; o++)
            mlp_c_add_number(&array,
                             layer->w[o / MLP_NR * layer->in * MLP_NR + i * MLP_NR + o % MLP_NR]);
    }
    mlp_c_end_array(&array);
}

static void add_parameters(struct source *s)
{
    const mlp_model *model = s->model;
    if (model->input_mean) {
        mlp_c_put(&s->writer,
                  "\n/* Means of the inputs, and inverses of their standard deviations. */\n");
        mlp_c_add_vector(&s->writer, "input_mean", 0, model->input_mean, model->spec.inputs);
        mlp_c_add_vector(&s->writer, "input_factor", 0, model->input_factor, model->spec.inputs);
    }
    for (size_t l = 0; l < model->spec.layer_count; l++) {
        const struct mlp_layer *layer = &model->layers[l];
        add_weights(s, l, layer);
        mlp_c_add_vector(&s->writer, "bias", l, layer->bias, layer->out);
        if (layer->norm == MLP_NORM_NONE)
            continue;
        mlp_c_add_vector(&s->writer, "scale", l, layer->scale, layer->out);
        mlp_c_add_vector(&s->writer, "shift", l, layer->shift, layer->out);
        if (layer->norm == MLP_NORM_BATCH) {
            mlp_c_add_vector(&s->writer, "mean", l, layer->mean, layer->out);
            add_factors(s, l, layer);
        }
    }
    if (model->target_mean) {
        mlp_c_put(&s->writer, "\n/* Means of the targets and their standard deviations. */\n");
        mlp_c_add_vector(&s->writer, "target_mean", 0, model->target_mean,
                         mlp_model_outputs(model));
        mlp_c_add_vector(&s->writer, "target_scale", 0, model->target_scale,
                         mlp_model_outputs(model));
    }
}

/* --- Prediction ------------------------------------------------------------------- */

/* Where the values are on their way: the arrays a and b take turns. */
static const char *next_array(const char *now)
{
    return strcmp(now, "a") == 0 ? "b" : "a";
}

static void add_activation(struct source *s, enum mlp_activation activation, size_t n,
                           const char *y)
{
    static const struct {
        const char *function, *member;
    } scalars[] = {
        [MLP_IDENTITY] = {NULL, NULL},
        [MLP_RELU] = {"relu", ""},
        [MLP_LEAKY_RELU] = {"leaky_relu", ""},
        [MLP_SIGMOID] = {"sigmoid", ""},
        [MLP_TANH] = {"tanh", ""},
        [MLP_ELU] = {"elu", ""},
        [MLP_SELU] = {"selu", ""},
        [MLP_HARD_SIGMOID] = {"hard_sigmoid", ""},
        [MLP_SOFTPLUS] = {"softplus", ".y"},
        [MLP_SILU] = {"silu", ".y"},
        [MLP_GELU] = {"gelu", ".y"},
        [MLP_GELU_TANH] = {"gelu_tanh", ".y"},
        [MLP_MISH] = {"mish", ".y"},
        [MLP_STEP] = {"step", ""},
        [MLP_SOFTMAX] = {NULL, NULL},
    };
    if (activation == MLP_SOFTMAX)
        mlp_text_format(&s->writer.code, "    mlp_softmax(%zu, %s);\n", n, y);
    if (!scalars[activation].function)
        return;
    mlp_text_format(&s->writer.code, "    for (size_t i = 0; i < %zu; i++)\n", n);
    mlp_text_format(&s->writer.code, "        %s[i] = mlp_%s_scalar(%s[i])%s;\n", y,
                    scalars[activation].function, y, scalars[activation].member);
}

static void add_layer(struct source *s, size_t l, const char *x, const char *y)
{
    const struct mlp_layer *layer = &s->model->layers[l];
    size_t n = layer->out;
    mlp_text_format(&s->writer.code,
                    "    mlp_dense(%zu, %zu, mlp_weight%zu, mlp_bias%zu, %s, %s);\n", layer->in, n,
                    l, l, x, y);
    if (layer->norm == MLP_NORM_LAYER)
        mlp_text_format(&s->writer.code,
                        "    mlp_layer_norm(%zu, mlp_scale%zu, mlp_shift%zu, %s);\n", n, l, l, y);
    if (layer->norm == MLP_NORM_BATCH) {
        mlp_text_format(&s->writer.code, "    mlp_batch_norm(%zu, mlp_mean%zu, mlp_factor%zu,", n,
                        l, l);
        mlp_text_format(&s->writer.code, " mlp_scale%zu,\n", l);
        mlp_text_format(&s->writer.code, "                   mlp_shift%zu, %s);\n", l, y);
    }
    add_activation(s, layer->activation, n, y);
}

/* From the last layer's plain outputs to what the model predicts. */
static void add_ending(struct source *s)
{
    const mlp_model *model = s->model;
    size_t n = mlp_model_outputs(model);
    mlp_loss loss = model->spec.loss;
    if (loss == MLP_CROSS_ENTROPY)
        add_activation(s, MLP_SOFTMAX, n, "outputs");
    if (loss == MLP_BINARY_CROSS_ENTROPY)
        add_activation(s, MLP_SIGMOID, n, "outputs");
    if (loss == MLP_PERCEPTRON && n == 1)
        add_activation(s, MLP_STEP, n, "outputs");
    if (loss == MLP_POISSON) {
        mlp_text_format(&s->writer.code, "    for (size_t i = 0; i < %zu; i++)\n", n);
        mlp_c_put(&s->writer, "        outputs[i] = mlp_exp_scalar(outputs[i]);\n");
    }
    if (model->target_mean)
        mlp_text_format(&s->writer.code,
                        "    mlp_restore(%zu, mlp_target_mean0, mlp_target_scale0, "
                        "outputs);\n",
                        n);
}

/* Lengths of the arrays a and b, 0 where there is none. */
static void measure(const mlp_model *model, size_t lengths[2])
{
    size_t turn = 0;
    lengths[0] = lengths[1] = 0;
    if (model->input_mean) {
        lengths[0] = model->spec.inputs;
        turn = 1;
    }
    for (size_t l = 0; l + 1 < model->spec.layer_count; l++, turn = 1 - turn) {
        size_t out = model->layers[l].out;
        lengths[turn] = lengths[turn] > out ? lengths[turn] : out;
    }
}

static void add_predict(struct source *s)
{
    const mlp_model *model = s->model;
    size_t lengths[2];
    const char *x = "x";
    mlp_c_put(&s->writer, "\nvoid mlp_predict(const float *x, float *outputs)\n{\n");
    measure(model, lengths);
    for (size_t i = 0; i < 2 && lengths[i] > 0; i++)
        mlp_text_format(&s->writer.code, "    float %s[%zu];\n", i == 0 ? "a" : "b", lengths[i]);
    if (lengths[0] > 0)
        mlp_c_put(&s->writer, "\n");
    if (model->input_mean) {
        x = "a";
        mlp_text_format(&s->writer.code,
                        "    mlp_standardize(%zu, mlp_input_mean0, mlp_input_factor0, "
                        "x, a);\n",
                        model->spec.inputs);
    }
    for (size_t l = 0; l < model->spec.layer_count; l++) {
        const char *y = l + 1 < model->spec.layer_count ? next_array(x) : "outputs";
        add_layer(s, l, x, y);
        x = y;
    }
    add_ending(s);
    mlp_c_put(&s->writer, "}\n");
}

static void add_predict_u8(struct source *s)
{
    char divisor[MLP_C_NUMBER];
    mlp_c_number(s->model->input_divisor, divisor);
    mlp_c_put(&s->writer, "\nvoid mlp_predict_u8(const uint8_t *x, float *outputs)\n"
                          "{\n"
                          "    float scaled[MLP_INPUTS];\n"
                          "    for (size_t i = 0; i < MLP_INPUTS; i++)\n");
    mlp_text_format(&s->writer.code, "        scaled[i] = (float)x[i] / %s; /* %d */\n", divisor,
                    (int)s->model->input_divisor);
    mlp_c_put(&s->writer, "    mlp_predict(scaled, outputs);\n}\n");
}

static void add_class(struct source *s)
{
    if (mlp_model_classes(s->model) == 0)
        return;
    mlp_c_put(&s->writer, "\nsize_t mlp_class(const float *outputs)\n{\n");
    if (mlp_model_outputs(s->model) == 1)
        mlp_text_format(&s->writer.code, "    return outputs[0] >= %s;\n",
                        s->model->spec.loss == MLP_HINGE ? "0.0f" : "0.5f");
    else
        mlp_c_put(&s->writer, "    size_t best = 0;\n"
                              "    for (size_t c = 1; c < MLP_OUTPUTS; c++) {\n"
                              "        if (outputs[c] > outputs[best])\n"
                              "            best = c;\n"
                              "    }\n"
                              "    return best;\n");
    mlp_c_put(&s->writer, "}\n");
}

/* --- The file --------------------------------------------------------------------- */

static void add_architecture(struct source *s)
{
    static const char *const norms[] = {[MLP_NORM_NONE] = "",
                                        [MLP_NORM_LAYER] = ", layer normalisation",
                                        [MLP_NORM_BATCH] = ", batch normalisation"};
    const mlp_spec *spec = &s->model->spec;
    char fingerprint[65];
    mlp_model_fingerprint(s->model, fingerprint);
    mlp_text_format(&s->writer.code, " *   inputs       %zu%s\n", spec->inputs,
                    s->model->input_mean ? ", standardised" : "");
    for (size_t l = 0; l < spec->layer_count; l++)
        mlp_text_format(&s->writer.code, " *   layer %-6zu %zu units, %s%s\n", l,
                        spec->layers[l].units, mlp_activation_name(spec->layers[l].activation),
                        norms[spec->layers[l].norm]);
    mlp_text_format(&s->writer.code, " *   loss         %s\n", mlp_loss_name(spec->loss));
    if (mlp_model_classes(s->model) > 0)
        mlp_text_format(&s->writer.code, " *   classes      %zu\n", mlp_model_classes(s->model));
    mlp_text_format(&s->writer.code, " *   fingerprint  %s\n *\n", fingerprint);
}

static void add_comment(struct source *s)
{
    size_t lengths[2];
    measure(s->model, lengths);
    mlp_text_format(&s->writer.code, MLP_EXPORT_C_START " libmlp %s; not to be edited.\n",
                    mlp_version());
    mlp_c_put(&s->writer, " * SPDX-License-Identifier: MIT\n *\n");
    add_architecture(s);
    mlp_c_put(&s->writer, " *   void mlp_predict(const float *x, float *outputs);\n"
                          " *   void mlp_predict_u8(const uint8_t *x, float *outputs);\n");
    if (mlp_model_classes(s->model) > 0)
        mlp_c_put(&s->writer, " *   size_t mlp_class(const float *outputs);\n");
    mlp_c_put(
        &s->writer,
        " *\n"
        " * One sample x [MLP_INPUTS], which overlaps not outputs [MLP_OUTPUTS]; bytes are divided "
        "by\n"
        " * 255. The same bits as the library's for finite x, in any C99, with any optimisation "
        "that\n"
        " * keeps to IEEE 754 (no -ffast-math; of clang, no -ffp-contract=fast). Reentrant.\n");
    mlp_text_format(&s->writer.code, " * Arrays on the stack: %zu bytes, ",
                    (lengths[0] + lengths[1]) * sizeof(float));
    mlp_text_format(&s->writer.code, "mlp_predict_u8 %zu more.\n",
                    s->model->spec.inputs * sizeof(float));
    mlp_c_put(
        &s->writer,
        " * Of the C library, memcpy, memset, fabsf, copysignf, sqrtf and, where the CPU has the\n"
        " * instruction, fmaf at most are called; -fno-math-errno lets compilers inline them. "
        "*/\n");
}

static void add_beginning(struct source *s)
{
    mlp_c_put(&s->writer,
              "#include <float.h>\n"
              "#include <math.h>\n"
              "#include <stddef.h>\n"
              "#include <stdint.h>\n"
              "#include <string.h>\n"
              "\n"
              "#if FLT_EVAL_METHOD != 0 && FLT_EVAL_METHOD != 16\n"
              "#error \"floats must be computed as floats (on 32-bit x86: -msse2 -mfpmath=sse)\"\n"
              "#endif\n"
              "#if defined(__FAST_MATH__) || defined(__ASSOCIATIVE_MATH__) || "
              "defined(__RECIPROCAL_MATH__) || \\\n"
              "    (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)\n"
              "#error \"-ffast-math and its parts change the results\"\n"
              "#endif\n"
              "\n"
              "/* No fused multiply-adds but those that are written. */\n"
              "#if defined(__GNUC__) && !defined(__clang__)\n"
              "#pragma GCC push_options\n"
              "#pragma GCC optimize(\"fp-contract=off\")\n"
              "#else\n"
              "#pragma STDC FP_CONTRACT OFF\n"
              "#endif\n"
              "\n");
    mlp_text_format(&s->writer.code, "enum { MLP_INPUTS = %zu, MLP_OUTPUTS = %zu };\n\n",
                    s->model->spec.inputs, mlp_model_outputs(s->model));
    mlp_c_put(&s->writer, "#ifdef __cplusplus\n"
                          "extern \"C\" {\n"
                          "#endif\n"
                          "void mlp_predict(const float *x, float *outputs);\n"
                          "void mlp_predict_u8(const uint8_t *x, float *outputs);\n");
    if (mlp_model_classes(s->model) > 0)
        mlp_c_put(&s->writer, "size_t mlp_class(const float *outputs);\n");
    mlp_c_put(&s->writer, "#ifdef __cplusplus\n"
                          "}\n"
                          "#endif\n\n");
}

static void add_functions(struct source *s)
{
    struct mlp_text functions = {0};
    add_predict(s);
    add_predict_u8(s);
    add_class(s);
    if (!s->writer.code.failed)
        mlp_c_excerpt(s->writer.code.data, s->writer.code.size, &functions);
    s->writer.text.failed = s->writer.text.failed || functions.failed;
    mlp_c_rename(&s->writer, functions.data, functions.size);
    mlp_text_end(&functions);
}

static void write_source(struct source *s)
{
    struct mlp_text predict;
    add_comment(s);
    add_beginning(s);
    mlp_c_flush(&s->writer);
    add_functions(s);
    predict = s->writer.code; /* what follows the arrays */
    s->writer.code = (struct mlp_text){0};
    add_parameters(s);
    mlp_text_end(&s->writer.code);
    s->writer.code = predict;
    mlp_c_put(&s->writer, "\n#if defined(__GNUC__) && !defined(__clang__)\n"
                          "#pragma GCC pop_options\n"
                          "#endif\n");
    mlp_c_flush(&s->writer);
}

mlp_status mlp_model_export_c(const mlp_model *model, const char *path, const char *name,
                              mlp_error *error)
{
    struct source s = {.model = model};
    mlp_status status = mlp_c_set_name(&s.writer, name ? name : "mlp", error);
    if (status != MLP_OK)
        return status;
    write_source(&s);
    struct mlp_chunk chunk = {s.writer.text.data, s.writer.text.size};
    if (s.writer.text.failed || s.writer.code.failed)
        status = mlp_fail_memory(error, "the model as C");
    else if (s.writer.infinite)
        status = mlp_fail(error, MLP_ERROR_DATA,
                          "%s: not written: a parameter of the model is not finite", path);
    else
        status = mlp_file_write(path, &chunk, 1, error);
    mlp_c_writer_end(&s.writer);
    return status;
}
