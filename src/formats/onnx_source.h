/* SPDX-License-Identifier: MIT */
/* An ONNX file that is being read. Its nodes, in their order, are followed along one chain of
 * values from the graph's input to its output; a value is the chain's end so far, a constant, or a
 * piece of an activation that several nodes compose. */
#ifndef MLP_SRC_FORMATS_ONNX_SOURCE_H
#define MLP_SRC_FORMATS_ONNX_SOURCE_H

#include <mlp/onnx.h>

#include "error.h"
#include "onnx.h"

#include <stdint.h>
#include <sys/types.h>

/* What a value is; x stands for the chain's value at `position`. */
enum mlp_onnx_kind {
    MLP_ONNX_UNKNOWN, /* no node has made it yet */
    MLP_ONNX_CONSTANT,
    MLP_ONNX_CHAIN,   /* x */
    MLP_ONNX_SIGMOID, /* of x */
    MLP_ONNX_SOFTPLUS,
    MLP_ONNX_TANH_SOFTPLUS,
    MLP_ONNX_HALF,      /* x / 2 */
    MLP_ONNX_ROOT,      /* x / sqrt(2) */
    MLP_ONNX_ERF,       /* its error function */
    MLP_ONNX_ERF_GATE,  /* 1 + that */
    MLP_ONNX_ERF_HALF,  /* half of that */
    MLP_ONNX_ERF_TIMES, /* x times the gate */
    MLP_ONNX_SQUARE,    /* of x */
    MLP_ONNX_CUBE,
    MLP_ONNX_SMALL_CUBE, /* 0.044715 x^3 */
    MLP_ONNX_INNER,      /* x + that */
    MLP_ONNX_ARGUMENT,   /* sqrt(2 / pi) times that */
    MLP_ONNX_TANH,       /* of that */
    MLP_ONNX_TANH_GATE,  /* as with ERF */
    MLP_ONNX_TANH_HALF,
    MLP_ONNX_TANH_TIMES,
    MLP_ONNX_COMPARED, /* x >= 0 */
};

struct mlp_onnx_value {
    const char *name;
    enum mlp_onnx_origin { MLP_ONNX_INITIALIZER, MLP_ONNX_INPUT, MLP_ONNX_OUTPUT } origin;
    enum mlp_onnx_kind kind;
    size_t position;
    const mlp_onnx_tensor *tensor; /* of a constant; of HALF and ROOT what x is multiplied with */
    bool divides;                  /* or divided by */
    bool *taken;                   /* of a constant: whether it is a layer's weights */
    bool own_taken;
};

/* Where data are that are in another file: begin is end where they are not. */
struct mlp_onnx_place {
    dev_t device;
    ino_t file;
    uint64_t begin, end;
};

/* One layer, as its nodes tell it. */
struct mlp_onnx_layer {
    size_t in, out;
    const mlp_onnx_tensor *weight;
    struct mlp_onnx_place place; /* of the weight */
    bool transposed;             /* weight is [out][in], else [in][out] */
    float alpha;                 /* times the weight */
    float beta;                  /* times the bias */
    /* [out] each (a bias may be one number), NULL where there is none; bias first, as
     * mlp_layer_vector has them. */
    const mlp_onnx_tensor *vectors[MLP_VECTORS];
    mlp_norm norm;
    mlp_activation activation;
    bool activated;
};

struct mlp_onnx_source {
    const char *path;
    mlp_error *error;
    bool any_numbers; /* as mlp_import_options has it */
    mlp_onnx_model *file;
    int64_t opset;
    struct mlp_onnx_value *values; /* by name */
    size_t value_count;

    size_t position; /* of the chain's end */
    bool flat;       /* whether it has two dimensions */
    size_t features; /* of the input; 0: not known */
    int64_t batch;   /* rows that the graph insists on; 0: any */
    struct mlp_onnx_layer *layers;
    size_t layer_count, external_weights;
    const mlp_onnx_tensor *input_shift, *input_factor;
    bool input_adds, input_divides; /* in place of subtracting and multiplying */
    const mlp_onnx_tensor *target_scale, *target_mean;
    bool exponential; /* the chain ends in Exp */
};

/* Bad data: the reason comes after the file's name, or after the node's too. */
#define MLP_ONNX_FAIL(source, format, ...)                                                         \
    mlp_fail((source)->error, MLP_ERROR_DATA, "%s: " format, (source)->path, __VA_ARGS__)
#define MLP_ONNX_FAIL_NODE(source, node, format, ...)                                              \
    mlp_fail((source)->error, MLP_ERROR_DATA, "%s: node '%.100s' (%.40s): " format,                \
             (source)->path, mlp_onnx_node_name(node), mlp_onnx_text((node)->op_type),             \
             __VA_ARGS__)

/* A text that may be missing: "" then. */
const char *mlp_onnx_text(const char *text);

/* A node's name, or that of its output where it has none. */
const char *mlp_onnx_node_name(const mlp_onnx_node *node);

/* --- Tensors (onnx_tensor.c, onnx_external.c) ------------------------------------ */

/* Checks that the tensor's dimensions are above 0 and that it has the data of so many elements;
 * *count is their number. Its type is float, float16 or double. */
mlp_status mlp_onnx_check_floats(const struct mlp_onnx_source *s, const mlp_onnx_tensor *tensor,
                                 size_t *count);

/* The elements of a tensor that has been checked; finite numbers, else it is bad data. */
mlp_status mlp_onnx_read_floats(const struct mlp_onnx_source *s, const mlp_onnx_tensor *tensor,
                                float *to, size_t count);

/* Whether it is one number without dimensions, and which; data in the file alone. */
bool mlp_onnx_scalar(const mlp_onnx_tensor *tensor, double *value);

/* The `count` integers of a one-dimensional tensor; false where it is anything else. */
bool mlp_onnx_read_ints(const mlp_onnx_tensor *tensor, int64_t *to, size_t count);

bool mlp_onnx_is_external(const mlp_onnx_tensor *tensor);

/* Opens the file with a tensor's `size` bytes, which are there from *offset on. */
mlp_status mlp_onnx_open_external(const struct mlp_onnx_source *s, const mlp_onnx_tensor *tensor,
                                  size_t size, int *fd, uint64_t *offset);

/* Where the `count` floats of an external tensor that has been checked are. */
mlp_status mlp_onnx_find_place(const struct mlp_onnx_source *s, const mlp_onnx_tensor *tensor,
                               size_t count, struct mlp_onnx_place *out);

/* --- Values (onnx_values.c) ------------------------------------------------------ */

/* Lists initializers, the input and the nodes' outputs. Each has a name of its own. */
mlp_status mlp_onnx_list_values(struct mlp_onnx_source *s);

/* NULL where there is none of this name. */
struct mlp_onnx_value *mlp_onnx_find(const struct mlp_onnx_source *s, const char *name);

/* --- The chain (onnx_chain.c) ------------------------------------------------------ */

/* Each appends to the chain's end what a node does, or says why it cannot be. */
mlp_status mlp_onnx_chain_product(struct mlp_onnx_source *s, const mlp_onnx_node *node,
                                  struct mlp_onnx_value *weight, bool transposed, float alpha);
mlp_status mlp_onnx_chain_bias(struct mlp_onnx_source *s, const mlp_onnx_node *node,
                               const mlp_onnx_tensor *bias, float beta);
/* `vectors` as in struct mlp_onnx_layer, from the scale on. */
mlp_status mlp_onnx_chain_norm(struct mlp_onnx_source *s, const mlp_onnx_node *node, mlp_norm norm,
                               const mlp_onnx_tensor *const *vectors);
mlp_status mlp_onnx_chain_activate(struct mlp_onnx_source *s, const mlp_onnx_node *node,
                                   mlp_activation activation);
mlp_status mlp_onnx_chain_add(struct mlp_onnx_source *s, const mlp_onnx_node *node,
                              const mlp_onnx_tensor *tensor, bool subtracts);
mlp_status mlp_onnx_chain_multiply(struct mlp_onnx_source *s, const mlp_onnx_node *node,
                                   const mlp_onnx_tensor *tensor, bool divides);
mlp_status mlp_onnx_chain_exp(struct mlp_onnx_source *s, const mlp_onnx_node *node);

/* --- Nodes (onnx_nodes.c, onnx_activation.c) --------------------------------------- */

/* Follows all nodes; the graph's output is then the chain's end. */
mlp_status mlp_onnx_follow(struct mlp_onnx_source *s);

/* Input i of a node, which is there. */
mlp_status mlp_onnx_operand(const struct mlp_onnx_source *s, const mlp_onnx_node *node, size_t i,
                            struct mlp_onnx_value **out);

/* Input i of a node is the chain's end: what is still a piece becomes what it is by itself. */
mlp_status mlp_onnx_expect_end(struct mlp_onnx_source *s, const mlp_onnx_node *node, size_t i);

/* The chain goes on; the node's first output, where it has one, is its end from now on. */
mlp_status mlp_onnx_set_end(struct mlp_onnx_source *s, const mlp_onnx_node *node);

/* Attributes, or what holds where they are missing. */
const mlp_onnx_attribute *mlp_onnx_attribute_of(const mlp_onnx_node *node, const char *name);
float mlp_onnx_float(const mlp_onnx_node *node, const char *name, float missing);
int64_t mlp_onnx_int(const mlp_onnx_node *node, const char *name, int64_t missing);

/* Tries what the node could be: a piece of an activation, or an activation by itself; *done tells
 * whether it was. */
mlp_status mlp_onnx_try_piece(struct mlp_onnx_source *s, const mlp_onnx_node *node, bool *done);
mlp_status mlp_onnx_try_activation(struct mlp_onnx_source *s, const mlp_onnx_node *node,
                                   bool *done);

/* --- Metadata (onnx_metadata.c) ---------------------------------------------------- */

/* Whether the file was written by mlp_model_export_onnx. */
bool mlp_onnx_is_own(const struct mlp_onnx_source *s);

/* Reads of such a file what its metadata say into a spec with the layers of the graph. */
mlp_status mlp_onnx_read_metadata(const struct mlp_onnx_source *s, mlp_spec *spec,
                                  mlp_layer_spec *layers);

/* The names of classes and columns, where it has any. */
mlp_status mlp_onnx_read_names(const struct mlp_onnx_source *s, mlp_model *model);

/* Compares with the model what they say besides. */
mlp_status mlp_onnx_check_metadata(const struct mlp_onnx_source *s, const mlp_model *model);

#endif
