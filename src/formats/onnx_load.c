/* SPDX-License-Identifier: MIT */
/* Reading of ONNX files: the message, the graph, then the model that it is. */
#include "onnx_source.h"

#include "alloc.h"
#include "file.h"
#include "model_format.h"
#include "onnx_name.h"
#include "registry.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

enum {
    OLDEST_OPSET = 7, /* before it, operators broadcast in ways of their own */
    MOST_CLASSES = 256,
    /* Memory that a message may take: so many times the file's bytes, and something. */
    GROWTH = 64,
    BASE_MEMORY = 1 << 20,
};

/* --- The message --------------------------------------------------------------- */

struct memory {
    size_t left;       /* bytes that may still be asked for */
    bool over, failed; /* by the file, by the machine */
};

static void *allocate(void *context, size_t size)
{
    struct memory *memory = context;
    if (size > memory->left) {
        memory->over = true;
        return NULL;
    }
    memory->left -= size;
    void *made = mlp_alloc_uninitialized(size > 0 ? size : 1, 1);
    memory->failed = memory->failed || !made;
    return made;
}

static void release(void *context, void *made)
{
    (void)context;
    mlp_free(made);
}

static mlp_status unpack(struct mlp_onnx_source *s, const unsigned char *bytes, size_t size)
{
    struct memory memory = {.left = BASE_MEMORY + GROWTH * size};
    ProtobufCAllocator allocator = {allocate, release, &memory};
    s->file = mlp_onnx__model_proto__unpack(&allocator, size, bytes);
    if (s->file)
        return MLP_OK;
    if (memory.failed)
        return mlp_fail_memory(s->error, "an ONNX graph");
    return MLP_ONNX_FAIL(s, "%s",
                         memory.over ? "takes far more memory than its size: no ONNX model"
                                     : "damaged, or no ONNX model (a protobuf message)");
}

static mlp_status read_bytes(const struct mlp_onnx_source *s, int fd, uint64_t size,
                             unsigned char **bytes)
{
    if (size == 0)
        return MLP_ONNX_FAIL(s, "%s", "is empty, expected an ONNX model");
    if (size >= MLP_ONNX_LIMIT)
        return MLP_ONNX_FAIL(s, "has %llu bytes, but an ONNX file has fewer than %d",
                             (unsigned long long)size, MLP_ONNX_LIMIT);
    *bytes = mlp_alloc_uninitialized((size_t)size, 1);
    if (!*bytes)
        return mlp_fail_memory(s->error, "an ONNX file");
    return mlp_file_read(fd, s->path, 0, *bytes, (size_t)size, s->error);
}

static mlp_status read_message(struct mlp_onnx_source *s)
{
    int fd;
    uint64_t size = 0;
    unsigned char *bytes = NULL;
    mlp_status status = mlp_file_open(s->path, &fd, &size, s->error);
    if (status != MLP_OK)
        return status;
    status = read_bytes(s, fd, size, &bytes);
    if (status == MLP_OK)
        status = unpack(s, bytes, (size_t)size);
    mlp_free(bytes);
    close(fd);
    return status;
}

static mlp_status check_versions(struct mlp_onnx_source *s)
{
    if (!s->file->graph)
        return MLP_ONNX_FAIL(s, "%s", "no graph: no ONNX model");
    for (size_t i = 0; i < s->file->n_opset_import; i++) {
        const MlpOnnx__OperatorSetIdProto *set = s->file->opset_import[i];
        const char *domain = mlp_onnx_text(set->domain);
        if (*domain == '\0' || strcmp(domain, "ai.onnx") == 0)
            s->opset = set->version;
    }
    if (s->opset < OLDEST_OPSET)
        return MLP_ONNX_FAIL(s, "operator set %lld, expected %d or newer", (long long)s->opset,
                             OLDEST_OPSET);
    return MLP_OK;
}

/* --- The network ----------------------------------------------------------------- */

/* The loss that the end of a graph speaks of. */
static mlp_loss guess_loss(const struct mlp_onnx_source *s, const mlp_layer_spec *last)
{
    if (s->exponential)
        return MLP_POISSON;
    bool few = last->units <= MOST_CLASSES && !s->target_scale && !s->target_mean;
    if (few && last->activation == MLP_SOFTMAX && last->units > 1)
        return MLP_CROSS_ENTROPY;
    if (few && last->activation == MLP_SIGMOID)
        return MLP_BINARY_CROSS_ENTROPY;
    return MLP_MSE;
}

static mlp_status choose_loss(const struct mlp_onnx_source *s,
                              const mlp_onnx_import_options *options, mlp_spec *spec,
                              mlp_layer_spec *layers)
{
    mlp_layer_spec *last = &layers[spec->layer_count - 1];
    mlp_status status = MLP_OK;
    if (mlp_onnx_is_own(s) && options && options->has_loss)
        return mlp_fail(s->error, MLP_ERROR_USAGE, "%s: a model of mlp tells its loss by itself",
                        s->path);
    if (mlp_onnx_is_own(s))
        status = mlp_onnx_read_metadata(s, spec, layers);
    else
        spec->loss = options && options->has_loss ? options->loss : guess_loss(s, last);
    if (status != MLP_OK)
        return status;
    if (!mlp_loss_name(spec->loss))
        return mlp_fail(s->error, MLP_ERROR_USAGE, "unknown loss %d", (int)spec->loss);
    struct mlp_loss_traits traits = mlp_loss_traits(spec->loss);
    if (!traits.is_distance && last->activation == traits.implied && !mlp_onnx_is_own(s))
        last->activation = MLP_IDENTITY;
    if (s->exponential && spec->loss != MLP_POISSON)
        return MLP_ONNX_FAIL(s, "the graph ends in Exp, which does not go with the loss %s",
                             mlp_loss_name(spec->loss));
    if ((s->target_scale || s->target_mean) && !traits.is_distance)
        return MLP_ONNX_FAIL(s, "the graph scales its outputs, which does not go with the loss %s",
                             mlp_loss_name(spec->loss));
    return MLP_OK;
}

/* Makes the model, still without weights. */
static mlp_status make_model(const struct mlp_onnx_source *s,
                             const mlp_onnx_import_options *options, mlp_model **model)
{
    mlp_error reason;
    mlp_layer_spec *layers = mlp_alloc(s->layer_count, sizeof *layers);
    if (!layers)
        return mlp_fail_memory(s->error, "the layers of a model");
    for (size_t l = 0; l < s->layer_count; l++)
        layers[l] = (mlp_layer_spec){.units = s->layers[l].out,
                                     .activation = s->layers[l].activation,
                                     .norm = s->layers[l].norm};
    mlp_spec spec = {
        .inputs = s->layers[0].in,
        .layer_count = s->layer_count,
        .layers = layers,
        .init_scale = 1,
    };
    mlp_status status = choose_loss(s, options, &spec, layers);
    bool chosen = status == MLP_OK;
    if (chosen)
        status = mlp_model_create_zero(&spec, model, &reason);
    mlp_free(layers);
    if (chosen && status == MLP_ERROR_USAGE)
        return MLP_ONNX_FAIL(s, "%s", reason.message);
    if (chosen && status != MLP_OK)
        return mlp_fail(s->error, status, "%s: %s", s->path, reason.message);
    return status;
}

/* --- Weights ------------------------------------------------------------------------ */

/* Floats of `tensor` times `factor` into the `count` of `to`, one for all of them too. */
static mlp_status read_vector(const struct mlp_onnx_source *s, const mlp_onnx_tensor *tensor,
                              float factor, float *to, size_t count)
{
    size_t found;
    mlp_status status = mlp_onnx_check_floats(s, tensor, &found);
    if (status == MLP_OK && found != count && found != 1)
        status = MLP_ONNX_FAIL(s, "tensor '%.100s' has %zu elements, expected %zu",
                               mlp_onnx_text(tensor->name), found, count);
    if (status == MLP_OK)
        status = mlp_onnx_read_floats(s, tensor, to, found);
    for (size_t i = 0; i < count && status == MLP_OK; i++)
        to[i] = i < found ? to[i] : to[0];
    for (size_t i = 0; factor != 1 && i < count && status == MLP_OK; i++)
        to[i] *= factor;
    return status;
}

static mlp_status read_weight(const struct mlp_onnx_source *s, const struct mlp_onnx_layer *from,
                              float *values, float *turned)
{
    size_t count = from->in * from->out;
    mlp_status status = mlp_onnx_read_floats(s, from->weight, values, count);
    for (size_t i = 0; from->alpha != 1 && i < count && status == MLP_OK; i++)
        values[i] *= from->alpha;
    for (size_t o = 0; !from->transposed && o < from->out && status == MLP_OK; o++) {
        for (size_t i = 0; i < from->in; i++)
            turned[o * from->in + i] = values[i * from->out + o];
    }
    return status;
}

static mlp_status read_layer(const struct mlp_onnx_source *s, mlp_model *model, size_t l)
{
    const struct mlp_onnx_layer *from = &s->layers[l];
    struct mlp_layer *layer = &model->layers[l];
    size_t count = from->in * from->out;
    float *values = mlp_alloc_uninitialized(count, sizeof *values), *turned = NULL;
    if (!from->transposed)
        turned = mlp_alloc_uninitialized(count, sizeof *turned);
    mlp_status status = MLP_OK;
    if (!values || (!turned && !from->transposed))
        status = mlp_fail_memory(s->error, "the weights of a model");
    if (status == MLP_OK)
        status = read_weight(s, from, values, turned);
    if (status == MLP_OK)
        mlp_model_set_layer(model, l, turned ? turned : values, NULL);
    for (size_t i = 0; i < MLP_VECTORS && status == MLP_OK; i++) {
        if (from->vectors[i])
            status = read_vector(s, from->vectors[i], i == 0 ? from->beta : 1,
                                 mlp_layer_vector(layer, i), layer->out);
    }
    for (size_t i = 0; layer->variance && i < layer->out && status == MLP_OK; i++) {
        if (layer->variance[i] < 0 && !s->any_numbers)
            status = MLP_ONNX_FAIL(s, "layer %zu: variance %zu is negative", l, i);
    }
    mlp_free(turned);
    mlp_free(values);
    return status;
}

/* --- Scaling ------------------------------------------------------------------------ */

static void fill(float *to, size_t count, float value)
{
    for (size_t i = 0; i < count; i++)
        to[i] = value;
}

static mlp_status check_scaling(const struct mlp_onnx_source *s, const char *what,
                                const float *values, size_t count, float least)
{
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i]) || values[i] < least)
            return MLP_ONNX_FAIL(s, "%s %zu is %g, expected a finite number%s", what, i,
                                 (double)values[i],
                                 least > 0    ? " above 0"
                                 : least == 0 ? " from 0 up"
                                              : "");
    }
    return MLP_OK;
}

static mlp_status read_input_scaling(const struct mlp_onnx_source *s, mlp_model *model)
{
    size_t count = model->spec.inputs;
    mlp_status status = MLP_OK;
    if (!s->input_shift && !s->input_factor)
        return MLP_OK;
    if (!mlp_model_add_input_scaling(model))
        return mlp_fail_memory(s->error, "the scaling of a model");
    fill(model->input_factor, count, 1);
    if (s->input_shift)
        status = read_vector(s, s->input_shift, s->input_adds ? -1 : 1, model->input_mean, count);
    if (status == MLP_OK && s->input_factor)
        status = read_vector(s, s->input_factor, 1, model->input_factor, count);
    for (size_t i = 0; s->input_divides && i < count && status == MLP_OK; i++)
        model->input_factor[i] = 1 / model->input_factor[i];
    return status == MLP_OK ? check_scaling(s, "the factor of input", model->input_factor, count, 0)
                            : status;
}

static mlp_status read_target_scaling(const struct mlp_onnx_source *s, mlp_model *model)
{
    size_t count = mlp_model_outputs(model);
    mlp_status status = MLP_OK;
    if (!s->target_scale && !s->target_mean)
        return MLP_OK;
    if (!mlp_model_add_target_scaling(model))
        return mlp_fail_memory(s->error, "the scaling of a model");
    fill(model->target_scale, count, 1);
    if (s->target_scale)
        status = read_vector(s, s->target_scale, 1, model->target_scale, count);
    if (status == MLP_OK && s->target_mean)
        status = read_vector(s, s->target_mean, 1, model->target_mean, count);
    float least = 0x1p-149f; /* above 0 */
    return status == MLP_OK
               ? check_scaling(s, "the factor of output", model->target_scale, count, least)
               : status;
}

/* --- All of it ------------------------------------------------------------------------ */

static mlp_status read_numbers(const struct mlp_onnx_source *s, mlp_model *model)
{
    mlp_status status = MLP_OK;
    for (size_t l = 0; l < s->layer_count && status == MLP_OK; l++)
        status = read_layer(s, model, l);
    if (status == MLP_OK)
        status = read_input_scaling(s, model);
    if (status == MLP_OK)
        status = read_target_scaling(s, model);
    if (status == MLP_OK && s->any_numbers)
        mlp_model_count_bad_numbers(model);
    else if (status == MLP_OK && !mlp_model_is_finite(model))
        status = MLP_ONNX_FAIL(s, "%s", "alpha or beta makes weights infinite");
    if (status == MLP_OK && mlp_onnx_is_own(s))
        status = mlp_onnx_read_names(s, model);
    return status == MLP_OK && mlp_onnx_is_own(s) ? mlp_onnx_check_metadata(s, model) : status;
}

static mlp_status read_graph(struct mlp_onnx_source *s)
{
    mlp_status status = check_versions(s);
    if (status == MLP_OK)
        status = mlp_onnx_list_values(s);
    if (status != MLP_OK)
        return status;
    s->layers = mlp_alloc(s->file->graph->n_node + 1, sizeof *s->layers);
    if (!s->layers)
        return mlp_fail_memory(s->error, "the layers of a model");
    return mlp_onnx_follow(s);
}

static void free_message(mlp_onnx_model *file)
{
    struct memory memory = {0};
    ProtobufCAllocator allocator = {allocate, release, &memory};
    if (file)
        mlp_onnx__model_proto__free_unpacked(file, &allocator);
}

static mlp_status load(struct mlp_onnx_source *source, const mlp_onnx_import_options *options,
                       mlp_model **out)
{
    mlp_model *model = NULL;
    mlp_status status = read_message(source);
    if (status == MLP_OK)
        status = read_graph(source);
    if (status == MLP_OK)
        status = make_model(source, options, &model);
    if (status == MLP_OK)
        status = read_numbers(source, model);
    if (status == MLP_OK)
        *out = model;
    else
        mlp_model_destroy(model);
    mlp_free(source->layers);
    mlp_free(source->values);
    free_message(source->file);
    return status;
}

mlp_status mlp_model_import_onnx(const char *path, const mlp_onnx_import_options *options,
                                 mlp_model **out, mlp_error *error)
{
    struct mlp_onnx_source source = {.path = path, .error = error};
    return load(&source, options, out);
}

static mlp_status import_onnx(const char *path, const mlp_import_options *options, mlp_model **out,
                              mlp_error *error)
{
    const mlp_onnx_import_options own = {.has_loss = options->has_loss, .loss = options->loss};
    struct mlp_onnx_source source = {
        .path = path, .error = error, .any_numbers = options->any_numbers};
    return load(&source, &own, out);
}

const struct mlp_model_format mlp_model_format_onnx = {
    .options = MLP_IMPORT_LOSS,
    .what = "an ONNX graph",
    .claims = mlp_onnx_claims,
    .import = import_onnx,
};
