/* SPDX-License-Identifier: MIT */
/* How good predictions are. */
#ifndef MLP_METRICS_H
#define MLP_METRICS_H

#include <mlp/status.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of one class. What would divide by zero is 0 (precision of a class that was never predicted,
 * recall of one that never occurred, F1 of both), as scikit-learn has it. */
typedef struct mlp_class_metrics {
    double precision, recall, f1;
    double auc;     /* area under the ROC curve of this class against the rest (Fawcett 2006), ties
                     * counted half; NaN where all samples are of the class or none is */
    size_t support; /* samples of the class */
} mlp_class_metrics;

typedef struct mlp_averages {
    double precision, recall, f1;
} mlp_averages;

/* Of a classification into `classes` classes. */
typedef struct mlp_classification {
    size_t count, classes;
    size_t top_k;          /* as it was asked for, at most `classes` */
    double accuracy;       /* of the predictions */
    double top_k_accuracy; /* the label is among the top_k largest outputs: fewer than top_k are
                            * larger than its own, or equal and of a lower class. Of one output a
                            * sample, the predicted class is the larger */
    double log_loss;       /* mean of -log p of the label, p at least 2^-149 after the outputs are
                            * divided by their sum. NaN where an output is negative or infinite,
                            * where all of a sample's are 0, and where its only one is above 1 */
    mlp_averages macro;    /* plain means over the classes that occur as label or prediction */
    mlp_averages weighted; /* by support */
    double auc; /* mean over the classes that have one, else NaN; of two classes that of class 1 */
    mlp_class_metrics *by_class; /* [classes] */
    size_t *confusion;           /* [classes][classes]: label, prediction */
} mlp_classification;

/* From outputs [count][classes], larger for likelier, and labels [count] below `classes`, 2 to 256;
 * with `outputs_per_sample` 1, outputs [count] are the probability of class 1 of 2. predictions
 * [count] are the classes that were chosen. Counts are exact, sums are made in double in ascending
 * order. The arrays within belong to the result. MLP_ERROR_DATA where a label or prediction is out
 * of range or an output is NaN (naming the sample), MLP_ERROR_USAGE where top_k is 0 (above
 * `classes` it counts as `classes`), count is 0 or above 2^32 - 1, or the outputs do not fit the
 * classes, MLP_ERROR_INTERNAL where memory is short. */
MLP_API mlp_status mlp_classification_create(const float *outputs, size_t outputs_per_sample,
                                             const uint8_t *predictions, const uint8_t *labels,
                                             size_t count, size_t classes, size_t top_k,
                                             mlp_classification **out, mlp_error *error);
/* NULL is fine. */
MLP_API void mlp_classification_destroy(mlp_classification *metrics);

/* Of predicted values, over all samples and outputs. */
typedef struct mlp_regression {
    size_t count, outputs;
    double mse, mae;
    double r2; /* mean over the outputs of 1 - residual / total; an output whose target is constant
                * (of one sample each is) counts 1 where it is met exactly, else 0 */
} mlp_regression;

/* From predictions and targets, [count][outputs] each. MLP_ERROR_DATA where one is not finite,
 * MLP_ERROR_USAGE where count or outputs is 0. Allocates nothing. */
MLP_API mlp_status mlp_regression_of(const float *predictions, const float *targets, size_t count,
                                     size_t outputs, mlp_regression *out, mlp_error *error);

#ifdef __cplusplus
}
#endif

#endif
