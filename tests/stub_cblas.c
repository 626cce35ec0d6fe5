/* SPDX-License-Identifier: MIT */
/* A CBLAS for tests. STUB_ERROR is what it adds to every element: 0 is right. With
 * STUB_THREADS it has OpenBLAS's call for the number of threads and says which
 * number it was told. */
#include <stdio.h>

enum { TRANSPOSE = 112 };

void cblas_sgemm(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha,
                 const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc);

void cblas_sgemm(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha,
                 const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc)
{
    (void)order;
    (void)alpha;
    (void)beta;
    for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
            double sum = 0;
            for (int s = 0; s < k; s++) {
                double x = transpose_a == TRANSPOSE ? a[s * lda + i] : a[i * lda + s];
                double y = transpose_b == TRANSPOSE ? b[j * ldb + s] : b[s * ldb + j];
                sum += x * y;
            }
            c[i * ldc + j] = (float)(sum + STUB_ERROR);
        }
    }
}

#if STUB_THREADS

void openblas_set_num_threads(int threads);
const char *openblas_get_config(void);

void openblas_set_num_threads(int threads)
{
    static int told;
    if (told != threads)
        fprintf(stderr, "told %d\n", threads);
    told = threads;
}

const char *openblas_get_config(void)
{
    return "a stub, for tests";
}

#endif
