/* SPDX-License-Identifier: MIT */
/* Activations: single operators, and those that exporters compose of several. */
#include "onnx_source.h"

#include <math.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define ROOT_2 1.4142135623730951

/* --- Composed ---------------------------------------------------------------- */

/* What an operator makes of two values, of which the second may be a number (CONSTANT) or none
 * (UNKNOWN): another piece, or (CHAIN) an activation. */
struct rule {
    const char *op;
    enum mlp_onnx_kind first, second;
    double number;
    enum mlp_onnx_kind result;
    mlp_activation activation;
};

/* X is the chain's end, N a number, C an activation that is complete. */
#define X MLP_ONNX_CHAIN
#define N MLP_ONNX_CONSTANT
#define NONE MLP_ONNX_UNKNOWN
#define C MLP_ONNX_CHAIN
#define K(name) MLP_ONNX_##name
static const struct rule rules[] = {
    /* silu, mish */
    {"Sigmoid", X, NONE, 0, K(SIGMOID), 0},
    {"Mul", X, K(SIGMOID), 0, C, MLP_SILU},
    {"Softplus", X, NONE, 0, K(SOFTPLUS), 0},
    {"Tanh", K(SOFTPLUS), NONE, 0, K(TANH_SOFTPLUS), 0},
    {"Mul", X, K(TANH_SOFTPLUS), 0, C, MLP_MISH},
    /* gelu: x (1 + erf(x / sqrt(2))) / 2, halved anywhere */
    {"Mul", X, N, 0.5, K(HALF), 0},
    {"Mul", X, N, MLP_ONNX_ROOT_HALF, K(ROOT), 0},
    {"Div", X, N, ROOT_2, K(ROOT), 0},
    {"Erf", K(ROOT), NONE, 0, K(ERF), 0},
    {"Add", K(ERF), N, 1, K(ERF_GATE), 0},
    {"Mul", K(ERF_GATE), N, 0.5, K(ERF_HALF), 0},
    {"Mul", X, K(ERF_GATE), 0, K(ERF_TIMES), 0},
    {"Mul", K(ERF_TIMES), N, 0.5, C, MLP_GELU},
    {"Mul", X, K(ERF_HALF), 0, C, MLP_GELU},
    {"Mul", K(HALF), K(ERF_GATE), 0, C, MLP_GELU},
    /* gelu_tanh: x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 */
    {"Mul", X, X, 0, K(SQUARE), 0},
    {"Pow", X, N, 2, K(SQUARE), 0},
    {"Mul", X, K(SQUARE), 0, K(CUBE), 0},
    {"Pow", X, N, 3, K(CUBE), 0},
    {"Mul", K(CUBE), N, MLP_ONNX_CUBIC, K(SMALL_CUBE), 0},
    {"Add", X, K(SMALL_CUBE), 0, K(INNER), 0},
    {"Mul", K(INNER), N, MLP_ONNX_ROOT_2_OVER_PI, K(ARGUMENT), 0},
    {"Tanh", K(ARGUMENT), NONE, 0, K(TANH), 0},
    {"Add", K(TANH), N, 1, K(TANH_GATE), 0},
    {"Mul", K(TANH_GATE), N, 0.5, K(TANH_HALF), 0},
    {"Mul", X, K(TANH_GATE), 0, K(TANH_TIMES), 0},
    {"Mul", K(TANH_TIMES), N, 0.5, C, MLP_GELU_TANH},
    {"Mul", X, K(TANH_HALF), 0, C, MLP_GELU_TANH},
    {"Mul", K(HALF), K(TANH_GATE), 0, C, MLP_GELU_TANH},
    /* step */
    {"GreaterOrEqual", X, N, 0, K(COMPARED), 0},
    {"Cast", K(COMPARED), NONE, 0, C, MLP_STEP},
};
#undef X
#undef N
#undef NONE
#undef C
#undef K

/* Whether a constant is this number, as a float or a double has it. */
static bool is_number(const struct mlp_onnx_value *value, double number)
{
    double found;
    return mlp_onnx_scalar(value->tensor, &found) && fabs(found - number) <= 1e-6 * fabs(number);
}

static bool is_piece(const struct mlp_onnx_source *s, const struct mlp_onnx_value *value,
                     enum mlp_onnx_kind kind)
{
    return value->kind == kind && (kind == MLP_ONNX_CONSTANT || value->position == s->position);
}

static bool fits(const struct mlp_onnx_source *s, const struct rule *rule,
                 const struct mlp_onnx_value *first, const struct mlp_onnx_value *second)
{
    if (!is_piece(s, first, rule->first))
        return false;
    if (!second)
        return rule->second == MLP_ONNX_UNKNOWN;
    return rule->second != MLP_ONNX_UNKNOWN && is_piece(s, second, rule->second) &&
           (rule->second != MLP_ONNX_CONSTANT || is_number(second, rule->number));
}

static const struct rule *find_rule(const struct mlp_onnx_source *s, const char *op,
                                    const struct mlp_onnx_value *first,
                                    const struct mlp_onnx_value *second)
{
    bool commutes = strcmp(op, "Mul") == 0 || strcmp(op, "Add") == 0;
    for (size_t i = 0; i < COUNT(rules); i++) {
        if (strcmp(rules[i].op, op) == 0 &&
            (fits(s, &rules[i], first, second) ||
             (commutes && second && fits(s, &rules[i], second, first))))
            return &rules[i];
    }
    return NULL;
}

static mlp_status apply(struct mlp_onnx_source *s, const mlp_onnx_node *node,
                        const struct rule *rule, const struct mlp_onnx_value *constant)
{
    struct mlp_onnx_value *out = node->n_output > 0 ? mlp_onnx_find(s, node->output[0]) : NULL;
    if (rule->result == MLP_ONNX_CHAIN)
        return mlp_onnx_chain_activate(s, node, rule->activation);
    if (!out)
        return MLP_ONNX_FAIL_NODE(s, node, "%s", "no output");
    out->kind = rule->result;
    out->position = s->position;
    out->tensor = constant ? constant->tensor : NULL;
    out->divides = strcmp(rule->op, "Div") == 0;
    return MLP_OK;
}

mlp_status mlp_onnx_try_piece(struct mlp_onnx_source *s, const mlp_onnx_node *node, bool *done)
{
    struct mlp_onnx_value *operands[2] = {NULL, NULL};
    const char *op = mlp_onnx_text(node->op_type);
    *done = false;
    if (node->n_input < 1 || node->n_input > 2)
        return MLP_OK;
    for (size_t i = 0; i < node->n_input; i++)
        operands[i] = mlp_onnx_find(s, node->input[i]);
    if (!operands[0] || (node->n_input == 2 && !operands[1]))
        return MLP_OK;
    const struct rule *rule = find_rule(s, op, operands[0], operands[1]);
    if (!rule)
        return MLP_OK;
    if (rule->activation == MLP_STEP && mlp_onnx_int(node, "to", 0) != MLP_ONNX_FLOAT)
        return MLP_OK;
    bool swapped = operands[0]->kind == MLP_ONNX_CONSTANT;
    *done = true;
    return apply(s, node, rule, operands[swapped ? 0 : 1]);
}

/* --- Single operators ----------------------------------------------------------- */

/* The numbers that an operator must have, and what they are where the node says nothing. */
struct parameter {
    const char *name;
    float missing, expected;
};

static const struct {
    const char *op;
    mlp_activation activation;
    struct parameter parameters[2];
} operators[] = {
    {"Relu", MLP_RELU, {{0}}},
    {"LeakyRelu", MLP_LEAKY_RELU, {{"alpha", 0.01f, 0.01f}}},
    {"Sigmoid", MLP_SIGMOID, {{0}}},
    {"Tanh", MLP_TANH, {{0}}},
    {"Elu", MLP_ELU, {{"alpha", 1, 1}}},
    {"Selu", MLP_SELU, {{"alpha", 1.6732632f, 1.6732632f}, {"gamma", 1.0507010f, 1.0507010f}}},
    {"HardSigmoid", MLP_HARD_SIGMOID, {{"alpha", 0.2f, MLP_ONNX_SIXTH}, {"beta", 0.5f, 0.5f}}},
    {"Softplus", MLP_SOFTPLUS, {{0}}},
    {"Mish", MLP_MISH, {{0}}},
    {"Gelu", MLP_GELU, {{0}}},
    {"Softmax", MLP_SOFTMAX, {{0}}},
};

/* Gelu says in a word which of the two it is. */
static mlp_status check_gelu(const struct mlp_onnx_source *s, const mlp_onnx_node *node,
                             mlp_activation *activation)
{
    const mlp_onnx_attribute *attribute = mlp_onnx_attribute_of(node, "approximate");
    size_t length = attribute ? attribute->s.len : 0;
    if (length == 4 && memcmp(attribute->s.data, "tanh", 4) == 0)
        *activation = MLP_GELU_TANH;
    else if (length != 0 && !(length == 4 && memcmp(attribute->s.data, "none", 4) == 0))
        return MLP_ONNX_FAIL_NODE(s, node, "%s", "approximate is unknown, expected none or tanh");
    return MLP_OK;
}

static mlp_status check_softmax(const struct mlp_onnx_source *s, const mlp_onnx_node *node)
{
    int64_t axis = mlp_onnx_int(node, "axis", s->opset < 13 ? 1 : -1);
    if (axis != 1 && axis != -1)
        return MLP_ONNX_FAIL_NODE(s, node, "axis is %lld, expected 1 or -1", (long long)axis);
    return MLP_OK;
}

mlp_status mlp_onnx_try_activation(struct mlp_onnx_source *s, const mlp_onnx_node *node, bool *done)
{
    size_t i = 0;
    while (i < COUNT(operators) && strcmp(operators[i].op, mlp_onnx_text(node->op_type)) != 0)
        i++;
    *done = i < COUNT(operators);
    if (!*done)
        return MLP_OK;
    mlp_activation activation = operators[i].activation;
    for (size_t p = 0; p < 2 && operators[i].parameters[p].name; p++) {
        const struct parameter *parameter = &operators[i].parameters[p];
        float found = mlp_onnx_float(node, parameter->name, parameter->missing);
        if (!(fabsf(found - parameter->expected) <= 1e-6f * parameter->expected))
            return MLP_ONNX_FAIL_NODE(s, node, "%s is %g, expected %g", parameter->name,
                                      (double)found, (double)parameter->expected);
    }
    mlp_status status = mlp_onnx_expect_end(s, node, 0);
    if (status == MLP_OK && activation == MLP_GELU)
        status = check_gelu(s, node, &activation);
    if (status == MLP_OK && activation == MLP_SOFTMAX)
        status = check_softmax(s, node);
    return status == MLP_OK ? mlp_onnx_chain_activate(s, node, activation) : status;
}
