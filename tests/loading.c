/* SPDX-License-Identifier: MIT */
#include "loading.h"

#include "alloc.h"

#include <mlp/model.h>

#include <check.h>
#include <string.h>

void expect_bad(const char *path, const char *reason)
{
    mlp_error error;
    mlp_model *model = NULL;
    long live = mlp_alloc_live();
    ck_assert_msg(mlp_model_load(path, &model, &error) == MLP_ERROR_DATA, "%s accepted", reason);
    ck_assert_int_eq(error.status, MLP_ERROR_DATA);
    ck_assert_msg(strstr(error.message, reason) != NULL, "'%s' says not '%s'", error.message,
                  reason);
    ck_assert_int_eq(strncmp(error.message, path, strlen(path)), 0);
    ck_assert_ptr_null(strchr(error.message, '\n'));
    ck_assert_ptr_null(model);
    ck_assert_int_eq(mlp_alloc_live(), live);
}

void expect_good(const char *path)
{
    mlp_error error;
    mlp_model *model = NULL;
    ck_assert_msg(mlp_model_load(path, &model, &error) == MLP_OK, "%s", error.message);
    mlp_model_destroy(model);
}
